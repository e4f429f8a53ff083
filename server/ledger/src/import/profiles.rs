//! SWISH's profile store (`data/profiles.db`): one Prolog term a line, replayed in order.

use std::collections::BTreeMap;

use gitty::{Term, term};

use super::{ImportError, Skipped};
use crate::ProfileId;

/// Largest file, in bytes.
pub const MAX_STORE_BYTES: usize = 256 << 20;
/// Most profiles.
pub const MAX_PROFILES: usize = 100_000;
/// Longest line, in bytes.
const MAX_LINE_BYTES: usize = 64 << 10;
/// Most attributes of a profile; SWISH has 14.
const MAX_ATTRIBUTES: usize = 64;
/// Most lines that are listed as skipped.
const MAX_SKIPPED: usize = 1_000;

/// A profile as SWISH has it: texts of its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwishProfile {
    /// Its id, which commits name.
    pub id: ProfileId,
    /// Attributes by name. Numbers and truth values are written out.
    pub attributes: BTreeMap<String, String>,
}

/// What the store says after its last line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwishProfiles {
    /// Profiles, in order of their ids.
    pub profiles: Vec<SwishProfile>,
    /// Lines that are not taken over; at most 1,000 are listed.
    pub skipped: Vec<Skipped>,
    /// How many lines were not taken over.
    pub skipped_count: usize,
}

/// Reads a profile store. A line that is cut short, as after a crash, is listed and skipped.
///
/// # Errors
/// When it is larger than 256 MiB or has more than 100,000 profiles.
pub fn read_profiles(bytes: &[u8]) -> Result<SwishProfiles, ImportError> {
    if bytes.len() > MAX_STORE_BYTES {
        return Err(ImportError::TooLarge(MAX_STORE_BYTES));
    }
    let mut store = Store::default();
    let mut found = SwishProfiles::default();
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let Err((whose, why)) = store.line(line) else { continue };
        found.skipped_count += 1;
        if found.skipped.len() < MAX_SKIPPED {
            found.skipped.push(Skipped { line: at + 1, whose, why: why.to_owned() });
        }
        if store.profiles.len() > MAX_PROFILES {
            return Err(ImportError::TooMany(MAX_PROFILES));
        }
    }
    if store.profiles.len() > MAX_PROFILES {
        return Err(ImportError::TooMany(MAX_PROFILES));
    }
    let profile = |(id, attributes)| SwishProfile { id, attributes };
    found.profiles = store.profiles.into_iter().map(profile).collect();
    Ok(found)
}

/// Whose line it is and why it is skipped.
type Fault = (String, &'static str);

/// The facts so far. Attributes may come before their profile, and stay when that is retracted.
#[derive(Default)]
struct Store {
    profiles: BTreeMap<ProfileId, BTreeMap<String, String>>,
}

impl Store {
    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let fault = |why| (String::new(), why);
        if line.len() > MAX_LINE_BYTES {
            return Err(fault("longer than 64 KiB"));
        }
        let text = std::str::from_utf8(line).map_err(|_| fault("not UTF-8"))?.trim();
        if text.is_empty() || text.starts_with('%') {
            return Ok(());
        }
        // SWISH ends every line with its full stop: without one a crash has cut it.
        if !text.ends_with('.') {
            return Err(fault("cut short"));
        }
        let term = term::read(text).map_err(|_| fault("no Prolog term"))?;
        match term.as_compound() {
            Some(("created", _)) => Ok(()),
            Some(("assert" | "asserta" | "assertz", [fact])) => self.assert(fact),
            // `retract` takes one fact away; here there never are two that match.
            Some(("retract", [fact] | [fact, _]) | ("retractall", [fact] | [fact, _])) => {
                self.retract(fact)
            }
            Some(_) | None => Err(fault("not a line of a profile store")),
        }
    }

    fn assert(&mut self, fact: &Term) -> Result<(), Fault> {
        match fact.as_compound() {
            Some(("profile", [id])) => {
                self.profiles.entry(id_of(id)?).or_default();
                Ok(())
            }
            Some(("profile_attribute", [id, name, value])) => {
                let id = id_of(id)?;
                let whose = |why| (id.to_string(), why);
                let name = name.as_atom().ok_or_else(|| whose("an attribute without a name"))?;
                let value = text_of(value).ok_or_else(|| whose("an attribute that is no text"))?;
                let attributes = self.profiles.entry(id.clone()).or_default();
                if attributes.len() >= MAX_ATTRIBUTES && !attributes.contains_key(name) {
                    return Err(whose("more than 64 attributes"));
                }
                attributes.insert(name.to_owned(), value);
                Ok(())
            }
            Some(_) | None => Err((String::new(), "not a fact of a profile store")),
        }
    }

    fn retract(&mut self, fact: &Term) -> Result<(), Fault> {
        match fact.as_compound() {
            Some(("profile", [id])) => {
                self.profiles.remove(&id_of(id)?);
                Ok(())
            }
            Some(("profile_attribute", [id, name, value])) => {
                let Some(attributes) = self.profiles.get_mut(&id_of(id)?) else { return Ok(()) };
                let text = text_of(value);
                let name = name.as_atom();
                // A variable matches everything.
                attributes.retain(|key, known| {
                    name.is_some_and(|name| name != key)
                        || text.as_ref().is_some_and(|text| text != known)
                });
                Ok(())
            }
            Some(_) | None => Err((String::new(), "not a fact of a profile store")),
        }
    }
}

fn id_of(term: &Term) -> Result<ProfileId, Fault> {
    let id = term.as_text().and_then(|text| text.parse().ok());
    id.ok_or_else(|| (String::new(), "the id of a profile cannot be one"))
}

/// Text of an atom, string or number.
fn text_of(term: &Term) -> Option<String> {
    match term {
        Term::Atom(text) | Term::String(text) | Term::Integer(text) => Some(text.clone()),
        Term::Float(number) => Some(number.to_string()),
        Term::Rational(_)
        | Term::Variable(_)
        | Term::List { .. }
        | Term::Dict(_)
        | Term::Compound { .. }
        | Term::ListCompound { .. } => None,
    }
}
