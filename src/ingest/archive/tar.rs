//! Tar archives (version 7, ustar, pax and GNU), read from a stream. Names of any length are read; links, devices and sparse
//! members are listed and not read, and no field of a header is believed beyond its limits.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;

use crate::file_names;
use crate::ingest::archive::member::{Archive, Member, MemberContent, TakeMember};
use crate::ingest::source::layers::{TAR_BLOCK, tar_checksum_holds, tar_number};

/// The largest header that only describes the next member.
const MAX_EXTENSION: u64 = 1 << 20;

/// A tar archive as a stream.
pub(super) struct Tar<'a> {
    pub(super) stream: Box<dyn Read + Send + 'a>,
}

/// The facts about a member that headers before it give.
#[derive(Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
}

impl Archive for Tar<'_> {
    fn each(mut self: Box<Self>, take: &mut TakeMember<'_>) -> io::Result<ControlFlow<()>> {
        let mut extensions = Extensions::default();
        loop {
            let Some(header) = self.header()? else { return Ok(ControlFlow::Continue(())) };
            let listed = tar_number(&header[124..136]).ok_or_else(damaged)?;
            match header[156] {
                b'L' => extensions.name = Some(until_nul(&self.extension(listed)?).to_vec()),
                b'K' | b'g' => drop(self.extension(listed)?),
                b'x' => extensions.take_pax(&self.extension(listed)?),
                kind => {
                    let Extensions { name, size, is_sparse } = std::mem::take(&mut extensions);
                    let name = name.unwrap_or_else(|| name_of(&header));
                    let size = size.unwrap_or(listed);
                    if self.member(&name, (kind, is_sparse), size, take)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
    }
}

impl Tar<'_> {
    /// Reads the next header; `None` at the end of the archive.
    fn header(&mut self) -> io::Result<Option<[u8; TAR_BLOCK]>> {
        let mut header = [0; TAR_BLOCK];
        let mut filled = 0;
        while filled < TAR_BLOCK {
            match self.stream.read(&mut header[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(cut_off()),
                count => filled += count,
            }
        }
        if header.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if tar_checksum_holds(&header) { Ok(Some(header)) } else { Err(damaged()) }
    }

    /// Reads a header that only describes the next member.
    fn extension(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > MAX_EXTENSION {
            return Err(damaged());
        }
        let mut bytes = Vec::new();
        self.stream.by_ref().take(size).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(cut_off());
        }
        self.skip(padding(size))?;
        Ok(bytes)
    }

    /// Hands a member to `take` and goes on to the end of its content.
    fn member(
        &mut self,
        name: &[u8],
        (kind, is_sparse): (u8, bool),
        size: u64,
        take: &mut TakeMember<'_>,
    ) -> io::Result<ControlFlow<()>> {
        let mut left = self.stream.by_ref().take(size);
        // Version 7 has no kind for a folder.
        let is_folder = kind == b'5' || (matches!(kind, 0 | b'0') && name.ends_with(b"/"));
        let content = match kind {
            _ if is_folder => return self.skip(size.saturating_add(padding(size))).map(ControlFlow::Continue),
            b'1' | b'2' => MemberContent::None("is a link in an archive; links are not followed"),
            b'3' | b'4' | b'6' => MemberContent::None("is a device or a pipe in an archive"),
            b'S' => MemberContent::None("is a sparse file in an archive; unpack it first"),
            _ if is_sparse => MemberContent::None("is a sparse file in an archive; unpack it first"),
            _ => MemberContent::Stream(Box::new(&mut left)),
        };
        let flow = take(Member { name: file_names::name_of_bytes(name), size, content });
        let left = left.limit();
        self.skip(left.saturating_add(padding(size)))?;
        Ok(flow)
    }

    fn skip(&mut self, count: u64) -> io::Result<()> {
        match io::copy(&mut self.stream.by_ref().take(count), &mut io::sink())? == count {
            true => Ok(()),
            false => Err(cut_off()),
        }
    }
}

impl Extensions {
    /// Takes the lines of a pax header: `LENGTH KEY=VALUE`.
    fn take_pax(&mut self, header: &[u8]) {
        let mut fields = BTreeMap::new();
        let mut rest = header;
        while let Some((field, after)) = pax_field(rest) {
            fields.insert(field.0, field.1);
            rest = after;
        }
        self.name = fields.get(b"path".as_slice()).map(|name| name.to_vec()).or(self.name.take());
        let size = fields.get(b"size".as_slice()).and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
        self.size = size.or(self.size);
        self.is_sparse |= fields.keys().any(|key| key.starts_with(b"GNU.sparse."));
    }
}

type PaxField<'h> = (&'h [u8], &'h [u8]);

/// Returns the first field of a pax header, and the rest of it.
fn pax_field(header: &[u8]) -> Option<(PaxField<'_>, &[u8])> {
    let blank = header.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(header.get(..blank)?).ok()?.parse().ok()?;
    let line = header.get(blank + 1..length)?.strip_suffix(b"\n")?;
    let equals = line.iter().position(|byte| *byte == b'=')?;
    Some(((line.get(..equals)?, line.get(equals + 1..)?), header.get(length..)?))
}

/// Returns the name in a header.
fn name_of(header: &[u8; TAR_BLOCK]) -> Vec<u8> {
    let name = until_nul(&header[..100]);
    // GNU's own format has other things in place of the prefix.
    let prefix = if &header[257..263] == b"ustar\0" { until_nul(&header[345..500]) } else { &[] };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The bytes that fill the last block of a content.
fn padding(size: u64) -> u64 {
    let block = TAR_BLOCK as u64;
    (block - size % block) % block
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "is a damaged tar archive: what follows cannot be placed")
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the tar archive ends early: the file is cut off")
}
