//! One gzip member in memory (RFC 1952), inflated in one go.
//!
//! Most objects are a few hundred bytes long. A streaming decoder spends more on making its window
//! than on inflating them, so each thread keeps one decoder.

use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress, Status};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const FIXED_BYTES: usize = 10;
const TRAILER_BYTES: usize = 8;
const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

thread_local! {
    static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// Why bytes are not one gzip member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No gzip header, or one that is cut short.
    Header,
    /// The compressed stream is not valid.
    Stream,
    /// The stream or what follows it is cut short.
    Short,
    /// The checksum or the length is another.
    Checksum,
    /// Something follows the member's end.
    More,
    /// It inflates to more than was allowed.
    TooLarge,
}

impl Fault {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Header => "it does not begin as one",
            Self::Stream => "its compressed stream is not valid",
            Self::Short => "it is cut short",
            Self::Checksum => "its checksum is wrong",
            Self::More => "more follows its end",
            Self::TooLarge => "it is too large",
        }
    }
}

/// Inflates `bytes`, which must be one whole member of at most `limit` bytes.
pub(crate) fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let stream = after_header(bytes)?;
    let announced = stream.last_chunk().map_or(0, |last| u32::from_le_bytes(*last));
    // A lie makes the allocation no larger than the limit; one byte more tells a longer one.
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    let mut inflated = Vec::with_capacity(announced.min(limit).saturating_add(1));
    let rest = INFLATER.with_borrow_mut(|inflater| {
        inflater.reset(false);
        loop {
            let at = usize::try_from(inflater.total_in()).map_err(|_| Fault::TooLarge)?;
            let input = stream.get(at..).unwrap_or_default();
            let status = inflater
                .decompress_vec(input, &mut inflated, FlushDecompress::Finish)
                .map_err(|_| Fault::Stream)?;
            let used = usize::try_from(inflater.total_in()).map_err(|_| Fault::TooLarge)?;
            match status {
                Status::StreamEnd => return Ok(stream.get(used..).unwrap_or_default()),
                _ if inflated.len() > limit => return Err(Fault::TooLarge),
                _ if inflated.len() < inflated.capacity() => return Err(Fault::Short),
                // The announced length is of another file, or of one beyond 4 GiB.
                _ => inflated.reserve(inflated.len().min(limit) + 1),
            }
        }
    })?;
    if inflated.len() > limit {
        return Err(Fault::TooLarge);
    }
    check(rest, &inflated)?;
    Ok(inflated)
}

/// The compressed stream and its trailer.
fn after_header(bytes: &[u8]) -> Result<&[u8], Fault> {
    let (fixed, mut rest) = bytes.split_at_checked(FIXED_BYTES).ok_or(Fault::Header)?;
    let flags = fixed[3];
    if fixed[..3] != MAGIC || flags & RESERVED != 0 {
        return Err(Fault::Header);
    }
    if flags & HAS_EXTRA != 0 {
        let (length, after) = rest.split_first_chunk().ok_or(Fault::Header)?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..).ok_or(Fault::Header)?;
    }
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0).ok_or(Fault::Header)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & HAS_HEADER_CRC != 0 {
        rest = rest.get(2..).ok_or(Fault::Header)?;
    }
    Ok(rest)
}

/// Compares the trailer: CRC-32 and length.
fn check(trailer: &[u8], inflated: &[u8]) -> Result<(), Fault> {
    match trailer.len() {
        TRAILER_BYTES => {}
        0..TRAILER_BYTES => return Err(Fault::Short),
        _ => return Err(Fault::More),
    }
    let mut expected = crc32fast::hash(inflated).to_le_bytes().to_vec();
    let length = u64::try_from(inflated.len()).unwrap_or(u64::MAX).to_le_bytes();
    expected.extend_from_slice(&length[..4]);
    if trailer == expected { Ok(()) } else { Err(Fault::Checksum) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder, write::GzEncoder};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn members_of_any_header_are_read() {
        let sink = GzBuilder::new().filename("a").comment("b").extra(vec![1, 2, 3]);
        let mut gzip = sink.write(Vec::new(), Compression::best());
        gzip.write_all(b"hello").unwrap();
        assert_eq!(inflate(&gzip.finish().unwrap(), 5), Ok(b"hello".to_vec()));
        let long = vec![7; 300_000];
        assert_eq!(inflate(&packed(&long), long.len()), Ok(long));
        assert_eq!(inflate(&packed(b""), 0), Ok(Vec::new()));
    }

    #[test]
    fn each_fault_is_named() {
        let good = packed(b"hello hello hello");
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        assert_eq!(inflate(b"", 9), Err(Fault::Header));
        assert_eq!(inflate(&with(0, 0), 99), Err(Fault::Header));
        assert_eq!(inflate(&good, 16), Err(Fault::TooLarge));
        assert_eq!(inflate(&with(good.len() - 8, 0), 99), Err(Fault::Checksum));
        // Announced shorter or longer than it is.
        assert_eq!(inflate(&with(good.len() - 4, 1), 99), Err(Fault::Checksum));
        assert_eq!(inflate(&with(good.len() - 1, 255), 99), Err(Fault::Checksum));
        assert_eq!(inflate(&[good.clone(), vec![0]].concat(), 99), Err(Fault::More));
        assert_eq!(inflate(&with(10, 0xff), 99), Err(Fault::Stream));
        for length in FIXED_BYTES..good.len() {
            assert_eq!(inflate(&good[..length], 99), Err(Fault::Short), "{length}");
        }
        // A decoder that has seen damage reads the next member.
        assert_eq!(inflate(&good, 99), Ok(b"hello hello hello".to_vec()));
    }
}
