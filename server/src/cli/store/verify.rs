//! `store verify`: every file and object as this program reads it, to compare with what SWISH
//! says of the same store.

use std::io::{self, BufWriter, Write};

use clap::Args;
use domain::{FileName, ObjectId};
use gitty::tagged;
use serde_json::{Value, json};
use store::{Finding, ReadOnly, Weight};

use super::{Exit, Place, end, fsck, not_open, out, progress::Meter, version::Versions};

/// Arguments of `store verify`.
#[derive(Args, Debug)]
pub(super) struct Verify {
    #[command(flatten)]
    place: Place,
}

impl Verify {
    pub(super) fn run(self) -> Exit {
        end(self.verify())
    }

    fn verify(&self) -> Result<Exit, Exit> {
        let meter = Meter::new();
        let checked = store::fsck(&self.place.dir, &|done| meter.tell(done));
        let checked = checked.map_err(|error| not_open(&error))?;
        let damaged: Vec<&Finding> =
            checked.findings.iter().filter(|found| found.weight() == Weight::Damage).collect();
        let versions = Versions::of(self.place.open()?)?;
        let ids = versions.store.ids();
        let ids = ids.map_err(|error| out::complain(&error.to_string(), Exit::Wrong))?;
        if self.place.json {
            // A reader that went away (`| head`) is no error of ours.
            let _ = self.print(&versions, &ids, &damaged, &meter);
        } else {
            drop(meter);
            damaged.iter().for_each(|finding| fsck::say(finding));
            let (files, objects) = (versions.heads.len(), ids.len());
            out::line(&format!("{files} files, {objects} objects, {} damages", damaged.len()));
        }
        Ok(if damaged.is_empty() { Exit::Done } else { Exit::Wrong })
    }

    /// Prints piece by piece: a store may be larger than the memory.
    fn print(
        &self,
        versions: &Versions,
        ids: &[ObjectId],
        damaged: &[&Finding],
        meter: &Meter,
    ) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        write!(out, "{{\"n_files\":{},\"n_objects\":{},", versions.heads.len(), ids.len())?;
        write!(out, "\"files\":")?;
        let files: Vec<Value> = versions.heads.iter().map(file).collect();
        serde_json::to_writer(&mut out, &files)?;
        write!(out, ",\"objects\":[")?;
        objects(&versions.store, ids, meter, &mut out)?;
        let damaged: Vec<Value> = damaged.iter().map(|finding| fsck::finding(finding)).collect();
        write!(out, "],\"damaged\":")?;
        serde_json::to_writer(&mut out, &damaged)?;
        writeln!(out, "}}")?;
        out.flush()
    }
}

fn file((name, head): (&FileName, &ObjectId)) -> Value {
    json!({ "name": name, "ext": name.extension(), "head": head })
}

/// Whole objects only; the others are among the damaged.
fn objects(
    store: &ReadOnly,
    ids: &[ObjectId],
    meter: &Meter,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut comma = "";
    let mut written = Ok(());
    store.each(ids, &|done| meter.tell(done), |id, read| {
        if let (Ok(object), Ok(())) = (read, &written) {
            written = write!(out, "{comma}").and_then(|()| {
                serde_json::to_writer(&mut *out, &tagged::object(id, &object))
                    .map_err(io::Error::from)
            });
            comma = ",";
        }
    });
    written
}
