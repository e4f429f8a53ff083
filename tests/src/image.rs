//! A file system in a file: a copy of the file is what a power cut leaves.
//!
//! What was written to files of the mounted image and not synced is in the kernel's memory only.
//! So the image's bytes, copied while nobody syncs, are a disk whose power went: the copy is
//! mounted, its journal replayed, and what is there then is what was promised.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// Large enough for the stories, small enough to be copied at once.
const BYTES: u64 = 192 << 20;
/// Every save makes two small files.
const INODES: &str = "65536";
/// The file system does nothing by itself for this long, so that a copy is of one moment.
const OPTIONS: &str = "loop,noatime,commit=300";

/// A mounted image; unmounted when dropped.
#[derive(Debug)]
pub struct Image {
    file: PathBuf,
    mount: PathBuf,
}

impl Image {
    /// Makes an empty file system in `folder` and mounts it.
    ///
    /// # Errors
    /// This machine cannot: nobody but root may mount, and not in every container.
    pub fn make(folder: &Path) -> Result<Self> {
        let file = folder.join("disk.image");
        File::create(&file)?.set_len(BYTES)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-N", INODES]).arg(&file))?;
        Self::mount(file, folder.join("disk"))
    }

    /// What a power cut at this moment leaves, mounted as `name` in the same folder.
    ///
    /// # Errors
    /// It cannot be copied or mounted.
    pub fn cut(&self, name: &str) -> Result<Self> {
        let file = self.file.with_file_name(format!("{name}.image"));
        run(Command::new("cp").arg("--sparse=always").arg(&self.file).arg(&file))?;
        Self::mount(file, self.mount.with_file_name(name))
    }

    /// Where its files are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.mount
    }

    fn mount(file: PathBuf, mount: PathBuf) -> Result<Self> {
        fs::create_dir_all(&mount)?;
        run(Command::new("mount").args(["-t", "ext4", "-o", OPTIONS]).arg(&file).arg(&mount))?;
        Ok(Self { file, mount })
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Lazily: a process that was killed a moment ago may still have files open.
        if let Err(reason) = run(Command::new("umount").arg("-l").arg(&self.mount)) {
            eprintln!("{} stays mounted: {reason:#}", self.mount.display());
        }
        // Nobody mounts it again, and twenty of them are large.
        let _ = fs::remove_file(&self.file);
    }
}

fn run(command: &mut Command) -> Result<()> {
    let what = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().with_context(|| what.clone())?;
    ensure!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
