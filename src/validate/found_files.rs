//! The files that were found, by name and by content.

use crate::hash::Sum;
use crate::validate::evidence::{Content, FoundFile};
use crate::validate::names::base_name;

/// Files in the order of their names and of their contents: eight bytes a file.
pub(super) struct FoundFiles<'e> {
    files: &'e [FoundFile],
    by_name: Vec<u32>,
    by_sum: Vec<u32>,
}

impl<'e> FoundFiles<'e> {
    /// Sorts the files.
    pub(super) fn new(files: &'e [FoundFile]) -> FoundFiles<'e> {
        let all = || files.iter().zip(0_u32..);
        // Each name is derived once: sorting asks for it many times.
        let mut names: Vec<(&str, &str, u32)> =
            all().map(|(file, at)| (base_name(&file.place), &*file.place, at)).collect();
        names.sort_unstable();
        let by_name = names.into_iter().map(|(_, _, at)| at).collect();
        let mut by_sum: Vec<u32> = all().filter(|(file, _)| sum(file).is_some()).map(|(_, at)| at).collect();
        by_sum.sort_unstable_by_key(|at| {
            let file = &files[*at as usize];
            (sum(file), &file.place, *at)
        });
        FoundFiles { files, by_name, by_sum }
    }

    /// Returns the files with the name of an object, whatever their folder and compression.
    pub(super) fn named(&self, key: &str) -> impl Iterator<Item = &'e FoundFile> + use<'e, '_> {
        let name = base_name(key).to_owned();
        let first = self.by_name.partition_point(|at| base_name(&self.files[*at as usize].place) < name.as_str());
        let after = self.by_name[first..].iter().map(|at| &self.files[*at as usize]);
        after.take_while(move |file| base_name(&file.place) == name)
    }

    /// Returns the first file with a content.
    pub(super) fn with_content(&self, wanted: &Sum) -> Option<&'e FoundFile> {
        let first = self.by_sum.partition_point(|at| sum(&self.files[*at as usize]) < Some(wanted));
        let file = &self.files[*self.by_sum.get(first)? as usize];
        (sum(file) == Some(wanted)).then_some(file)
    }

    /// Returns every file.
    pub(super) fn all(&self) -> &'e [FoundFile] {
        self.files
    }
}

/// Returns the SHA-256 of a file's content.
pub(super) fn sum(file: &FoundFile) -> Option<&Sum> {
    match &file.content {
        Content::Sum(sum) => Some(sum),
        _ => None,
    }
}
