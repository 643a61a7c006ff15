//! ZIP archives.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::file_names;
use crate::ingest::archive::member::{Archive, Member, MemberContent, TakeMember};
use crate::ingest::expansion::{Capped, Expansion};

/// A ZIP archive in a file.
pub(super) struct Zip {
    pub(super) file: File,
    pub(super) expansion: Arc<Expansion>,
}

impl Archive for Zip {
    fn each(self: Box<Self>, take: &mut TakeMember<'_>) -> io::Result<ControlFlow<()>> {
        let mut archive = zip::ZipArchive::new(self.file)
            .map_err(|error| io::Error::other(format!("is a damaged zip archive: {error}")))?;
        for index in 0..archive.len() {
            let listed = match archive.name_for_index(index) {
                Some(Ok(name)) => name.into_owned(),
                _ => format!("member {index}"),
            };
            let member = match archive.by_index(index) {
                Ok(member) if member.is_dir() => continue,
                Ok(member) => {
                    let (name, size) = (file_names::name_of_bytes(member.name_raw()), member.size());
                    let content = match member.is_symlink() {
                        true => MemberContent::None("is a link in an archive; links are not followed"),
                        false => MemberContent::Stream(Box::new(Capped::new(member, &self.expansion))),
                    };
                    Member { name, size, content }
                }
                Err(error) => Member { name: listed, size: 0, content: MemberContent::Broken(io::Error::other(error)) },
            };
            if take(member).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
