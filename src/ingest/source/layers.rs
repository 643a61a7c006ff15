//! Layers around content: compression, which is taken off a stream, and archives, which are told.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use crate::ingest::expansion::{Capped, Expansion};
use crate::ingest::source::walk::peek;

/// The layers of compression that are removed before a file is refused.
const MAX_LAYERS: usize = 4;
/// The memory that decompression may use, as a power of two of bytes.
const MAX_WINDOW_LOG: u32 = 27;
/// The size of a block of a tar archive.
pub(crate) const TAR_BLOCK: usize = 512;
const BUFFER: usize = 64 << 10;

/// The kinds of content that the first bytes of a stream tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Magic {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Zip,
    Tar,
    Other,
}

/// Recognizes a stream by its first bytes, of which a tar archive shows itself by [`TAR_BLOCK`].
pub(crate) fn magic(first: &[u8]) -> Magic {
    match first {
        [0x1f, 0x8b, ..] => Magic::Gzip,
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Magic::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Magic::Xz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Magic::Zstd,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Magic::Zip,
        _ if is_tar(first) => Magic::Tar,
        _ => Magic::Other,
    }
}

/// Reports whether a block is the header of a tar archive's first member. The format of Unix version 7 has no mark, only
/// the checksum.
fn is_tar(first: &[u8]) -> bool {
    first
        .first_chunk::<TAR_BLOCK>()
        .is_some_and(|header| header[0] != 0 && tar_number(&header[124..136]).is_some() && tar_checksum_holds(header))
}

/// Checks the checksum of a tar header: the sum of its bytes, with blanks in place of the checksum itself.
pub(crate) fn tar_checksum_holds(header: &[u8; TAR_BLOCK]) -> bool {
    let own = 148..156;
    let sum: u64 =
        header.iter().enumerate().map(|(at, byte)| if own.contains(&at) { 32 } else { u64::from(*byte) }).sum();
    tar_number(&header[own]) == Some(sum)
}

/// Reads a number of a tar header: octal digits, or binary if the first bit is set.
pub(crate) fn tar_number(field: &[u8]) -> Option<u64> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)));
    }
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(['\0', ' ']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// A stream without its layers of compression.
pub(crate) struct Unwrapped<'a> {
    /// The kind of what is inside.
    pub(crate) magic: Magic,
    pub(crate) stream: Box<dyn Read + Send + 'a>,
    /// True if there was any compression.
    pub(crate) is_compressed: bool,
}

/// Takes every layer of compression off a stream. The answer says whether it is an archive.
///
/// # Errors
/// More than [`MAX_LAYERS`] layers, and what reading gives.
pub(crate) fn unwrap<'a>(
    mut stream: Box<dyn Read + Send + 'a>,
    expansion: &Arc<Expansion>,
) -> io::Result<Unwrapped<'a>> {
    for layer in 0..=MAX_LAYERS {
        let (first, whole) = peek(stream, TAR_BLOCK)?;
        let input = BufReader::with_capacity(BUFFER, whole);
        stream = match magic(&first) {
            Magic::Gzip => Box::new(Capped::new(MultiGzDecoder::new(input), expansion)),
            Magic::Bzip2 => Box::new(Capped::new(bzip2::bufread::MultiBzDecoder::new(input), expansion)),
            Magic::Xz => {
                let decoder = lzma_rust2::XzReader::new_mem_limit(input, true, 1 << (MAX_WINDOW_LOG - 10));
                Box::new(Capped::new(decoder, expansion))
            }
            Magic::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
                decoder.window_log_max(MAX_WINDOW_LOG)?;
                Box::new(Capped::new(decoder, expansion))
            }
            magic => return Ok(Unwrapped { magic, stream: Box::new(input), is_compressed: layer > 0 }),
        };
    }
    Err(io::Error::other(format!("is compressed more than {MAX_LAYERS} times over")))
}

#[cfg(test)]
mod tests {
    use super::{Magic, magic, tar_number};

    #[test]
    fn numbers_of_tar_headers_are_octal_or_binary() {
        assert_eq!(tar_number(b"0000644\0"), Some(0o644));
        assert_eq!(tar_number(b"   12 \0"), Some(10));
        assert_eq!(tar_number(b"\0\0"), Some(0));
        assert_eq!(tar_number(b"\x80\0\0\0\0\0\0\0\0\0\x01\x02"), Some(258));
        assert_eq!(tar_number(&[0xff; 12]), None);
        assert_eq!(tar_number(b"9"), None);
    }

    #[test]
    fn layers_are_recognized_by_their_first_bytes() {
        assert_eq!(magic(b"\x1f\x8b\x08"), Magic::Gzip);
        assert_eq!(magic(b"BZh91AY&SY"), Magic::Bzip2);
        assert_eq!(magic(b"\xfd7zXZ\0"), Magic::Xz);
        assert_eq!(magic(b"\x28\xb5\x2f\xfd"), Magic::Zstd);
        assert_eq!(magic(b"BZhello"), Magic::Other);
        let mut block = [b' '; 600];
        block[257..262].copy_from_slice(b"ustar");
        assert_eq!(magic(&block), Magic::Other, "without a checksum");
        let mut block = [0; 600];
        block[..5].copy_from_slice(b"a.txt");
        block[124..136].copy_from_slice(b"00000000002\0");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert_eq!(magic(&block), Magic::Tar, "of version 7");
        block[0] = b'b';
        assert_eq!(magic(&block), Magic::Other, "with another checksum");
    }
}
