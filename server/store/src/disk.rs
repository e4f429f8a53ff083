//! The few operations on files that can fail half-way, so that tests can make them.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::Path,
};

/// Most objects fit, and are read with one call.
const USUAL_BYTES: usize = 4 << 10;

/// Mode and group that everything new in the store gets: those of its directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    mode: u32,
    group: u32,
}

/// Where the store's bytes go.
pub trait Disk: Send + Sync {
    /// Reads a whole file of at most `max_bytes`; one byte more means that it is longer.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>>;

    /// Reads a piece of a file, less if the file ends before.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read_range(&self, path: &Path, offset: u64, length: u32) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let rest = file.metadata()?.len().saturating_sub(offset).min(u64::from(length));
        let mut bytes = vec![0; usize::try_from(rest).map_err(io::Error::other)?];
        let mut count = 0;
        while count < bytes.len() {
            let at = offset.saturating_add(u64::try_from(count).map_err(io::Error::other)?);
            match file.read_at(&mut bytes[count..], at) {
                Ok(0) => break,
                Ok(more) => count += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Writes a new file.
    ///
    /// # Errors
    /// The file may be there in part.
    fn write(&self, path: &Path, bytes: &[u8], owner: &Owner) -> io::Result<()>;

    /// Puts a file in the place of another.
    ///
    /// # Errors
    /// Nothing was changed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Appends with one write, giving how much was taken.
    ///
    /// # Errors
    /// Nothing was appended.
    fn append(&self, file: &File, bytes: &[u8]) -> io::Result<usize>;

    /// Brings everything on the file system of `file` to the disk.
    ///
    /// # Errors
    /// Some of it may be lost.
    fn sync(&self, file: &File) -> io::Result<()>;
}

/// The disk of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        File::open(path)?.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8], owner: &Owner) -> io::Result<()> {
        owner.create_file(path)?.write_all(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn append(&self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        nix::unistd::syncfs(file).map_err(io::Error::from)
    }
}

impl Owner {
    /// Mode and group of a directory.
    pub(crate) fn of(dir: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(dir)?;
        Ok(Self { mode: metadata.mode() & 0o7777, group: metadata.gid() })
    }

    /// Makes a directory and those above it that are missing.
    pub(crate) fn create_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        if let Some(parent) = dir.parent() {
            self.create_dir(parent)?;
        }
        match fs::create_dir(dir) {
            // SWISH made it in the same moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made.and_then(|()| self.give(dir, self.mode)),
        }
    }

    /// Makes a file that is not there.
    pub(crate) fn create_file(&self, path: &Path) -> io::Result<File> {
        let mode = self.mode & 0o666;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(mode).open(path)?;
        self.give(path, mode)?;
        Ok(file)
    }

    /// Sets mode and group, which the process's own defaults may have made others.
    fn give(&self, path: &Path, mode: u32) -> io::Result<()> {
        if fs::metadata(path)?.gid() != self.group {
            chown(path, None, Some(self.group))?;
        }
        fs::set_permissions(path, Permissions::from_mode(mode))
    }
}
