//! Whole lines of one file from an offset on, a bounded piece at a time.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

/// Bytes that are read at once, and longest line that is read.
pub(super) const PIECE: usize = 1 << 20;

/// Some lines of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// Whole lines without their ends; none for one that is too long to be read.
    pub(super) lines: Vec<Option<Vec<u8>>>,
    /// Where the next piece begins.
    pub(super) upto: u64,
    /// What follows the last whole line, when this is the end of the file.
    pub(super) tail: Vec<u8>,
    /// Whether more can be read now.
    pub(super) more: bool,
}

/// Reads the next piece of a file; nothing from one that is not there.
pub(super) fn read(path: &Path, from: u64) -> io::Result<Piece> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Piece { upto: from, ..Piece::default() });
        }
        Err(error) => return Err(error),
    };
    file.seek(SeekFrom::Start(from))?;
    let bytes = read_piece(&mut file)?;
    let is_end = bytes.len() < PIECE;
    let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
        if is_end {
            return Ok(Piece { upto: from, tail: bytes, ..Piece::default() });
        }
        return skip(&mut file, from + length(bytes.len()));
    };
    let (whole, tail) = bytes.split_at(last + 1);
    let lines = whole[..last].split(|byte| *byte == b'\n').map(|line| Some(line.to_vec()));
    let tail = if is_end { tail.to_vec() } else { Vec::new() };
    Ok(Piece { lines: lines.collect(), upto: from + length(last + 1), tail, more: !is_end })
}

/// To the end of a line that is longer than a piece.
fn skip(file: &mut File, mut at: u64) -> io::Result<Piece> {
    loop {
        let bytes = read_piece(file)?;
        if let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let upto = at + length(end + 1);
            return Ok(Piece { lines: vec![None], upto, tail: Vec::new(), more: true });
        }
        at += length(bytes.len());
        if bytes.len() < PIECE {
            // Its end is not written yet: it is skipped as far as it is.
            return Ok(Piece { upto: at, ..Piece::default() });
        }
    }
}

fn read_piece(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.by_ref().take(length(PIECE)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
