//! Texts that are part of the program, compressed: they would be a twentieth of it. `build.rs` packs each group of files;
//! a group is decompressed when the first of its texts is asked for.

use std::sync::OnceLock;

use libdeflater::Decompressor;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Files that are compressed together.
#[derive(Debug)]
struct Archive {
    /// The texts one after the other, as raw DEFLATE.
    compressed: &'static [u8],
    /// Bytes of all texts.
    size: usize,
    content: OnceLock<String>,
}

impl Archive {
    const fn new(compressed: &'static [u8], size: usize) -> Archive {
        Archive { compressed, size, content: OnceLock::new() }
    }

    #[expect(clippy::expect_used, reason = "the build made the archive, and a test compares every text with its file")]
    fn content(&self) -> &str {
        self.content.get_or_init(|| {
            let mut content = vec![0; self.size];
            let inflated = Decompressor::new().deflate_decompress(self.compressed, &mut content);
            inflated.expect("the archive is whole");
            String::from_utf8(content).expect("the archive is text")
        })
    }
}

/// The content of a file that is part of the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    archive: &'static Archive,
    start: usize,
    end: usize,
}

impl Text {
    const fn new(archive: &'static Archive, start: usize, end: usize) -> Text {
        Text { archive, start, end }
    }

    /// Returns the text.
    pub(crate) fn as_str(self) -> &'static str {
        &self.archive.content()[self.start..self.end]
    }
}

/// A file in a folder of shipped files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shipped {
    /// The name of the folder.
    pub(crate) group: &'static str,
    /// The name of the file, without its extension.
    pub(crate) name: &'static str,
    /// The content.
    pub(crate) text: Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_its_file() {
        assert!(FILES.len() > 150, "{}", FILES.len());
        for (path, text) in FILES {
            let file = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
            assert!(text.as_str() == file, "{path}");
        }
    }
}
