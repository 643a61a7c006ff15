//! The progress of a first import. Its process writes it to a file beside the case in the making, where other processes
//! read it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::number;
use crate::time;

/// The file with the progress, and the one that takes its name when it is complete.
pub(crate) const FILE: &str = "progress.json";
pub(crate) const NEXT_FILE: &str = "progress.json.new";
/// The least time between two writes of the file.
const WRITE_INTERVAL: Duration = Duration::from_millis(250);
/// The age from which numbers are not reported: the process may be stopped, or wait for its input.
const MAX_AGE_SECONDS: i64 = 60;
/// The largest file that is read.
const MAX_BYTES: u64 = 4 << 10;

/// The progress of a first import at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportProgress {
    /// The number of its process.
    pub process: u32,
    /// The time at which it began, in Unix seconds.
    pub started: i64,
    /// The time of this progress, in Unix seconds.
    pub written: i64,
    /// Files read.
    pub files: u64,
    /// All files.
    pub all_files: u64,
    /// Bytes of files read, as they are on disk.
    pub bytes: u64,
    /// Bytes of all files.
    pub all_bytes: u64,
    /// Events read; duplicates count.
    pub events: u64,
    /// True if everything is read, and indexes are being built.
    pub is_indexing: bool,
}

impl ImportProgress {
    /// Reads the progress from the folder of a case in the making. `None` if there is none, or if it is not complete.
    pub(crate) fn read(folder: &Path) -> Option<ImportProgress> {
        let mut text = Vec::new();
        File::open(folder.join(FILE)).ok()?.take(MAX_BYTES).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Returns the part of the input that is read, in percent. It is 100 only after the last file: standard input and
    /// pipes have no size.
    pub fn percent(&self) -> u64 {
        let (done, all) = if self.all_bytes > 0 { (self.bytes, self.all_bytes) } else { (self.files, self.all_files) };
        let percent = u128::from(done) * 100 / u128::from(all.max(1));
        let most = if self.files < self.all_files { 99 } else { 100 };
        u64::try_from(percent).unwrap_or(most).min(most)
    }

    /// Reports whether it is too old to say how far a running import is; `now` is in Unix seconds.
    pub fn is_stale(&self, now: i64) -> bool {
        !(-MAX_AGE_SECONDS..=MAX_AGE_SECONDS).contains(&now.saturating_sub(self.written))
    }
}

/// Returns the rest of a sentence about an import that is running.
pub(crate) fn running(progress: Option<&ImportProgress>) -> String {
    match progress {
        Some(progress) if progress.is_indexing => ": everything is read, and indexes are being built".to_owned(),
        Some(progress) if !progress.is_stale(time::now()) => {
            let (files, all) = (number::count(progress.files), number::counted(progress.all_files, "file"));
            format!(", {} %: {files} of {all} read", progress.percent())
        }
        _ => String::new(),
    }
}

/// Returns the rest of a sentence about an import that was interrupted.
pub(crate) fn interrupted(progress: Option<&ImportProgress>) -> String {
    match progress {
        Some(progress) if progress.is_indexing => " while it built indexes,".to_owned(),
        Some(progress) => format!(" at {} %,", progress.percent()),
        None => String::new(),
    }
}

/// Writes the progress of a first import, a few times a second at most.
#[derive(Debug)]
pub(crate) struct ProgressFile {
    folder: PathBuf,
    progress: ImportProgress,
    /// The time of the last write.
    last: Option<Instant>,
}

impl ProgressFile {
    /// Begins the progress of an import by this process. `folder`: the folder of the case in the making.
    pub(crate) fn new(folder: &Path) -> ProgressFile {
        let progress =
            ImportProgress { process: std::process::id(), started: time::now(), ..ImportProgress::default() };
        ProgressFile { folder: folder.to_owned(), progress, last: None }
    }

    /// Changes the progress, and writes it if the last write is long enough ago. `at_once`: writes it in any case.
    pub(crate) fn update(&mut self, at_once: bool, change: impl FnOnce(&mut ImportProgress)) {
        change(&mut self.progress);
        if at_once || self.last.is_none_or(|last| last.elapsed() >= WRITE_INTERVAL) {
            self.last = Some(Instant::now());
            self.progress.written = time::now();
            if self.write().is_err() {
                // The import goes on, and is reported without numbers: those of the last write are wrong by now.
                let _ = fs::remove_file(self.folder.join(FILE));
            }
        }
    }

    /// Replaces the file. It is not synced: after a power failure it may be empty, and is then ignored.
    fn write(&self) -> io::Result<()> {
        let next = self.folder.join(NEXT_FILE);
        fs::write(&next, serde_json::to_vec(&self.progress)?)?;
        fs::rename(&next, self.folder.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{FILE, ImportProgress, MAX_AGE_SECONDS, NEXT_FILE, ProgressFile, interrupted, running};
    use crate::time;

    fn halfway() -> ImportProgress {
        let now = time::now();
        ImportProgress {
            process: 7,
            started: now,
            written: now,
            files: 1_200,
            all_files: 2_500,
            bytes: 49,
            all_bytes: 100,
            ..ImportProgress::default()
        }
    }

    #[test]
    fn progress_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = ProgressFile::new(folder.path());
        assert_eq!(ImportProgress::read(folder.path()), None);
        file.update(false, |progress| progress.all_files = 3);
        let first = ImportProgress::read(folder.path()).unwrap();
        assert_eq!((first.all_files, first.process), (3, std::process::id()));
        // The next one is too soon, unless it is important.
        file.last = Some(std::time::Instant::now() + std::time::Duration::from_secs(3_600));
        file.update(false, |progress| progress.files = 1);
        assert_eq!(ImportProgress::read(folder.path()).unwrap().files, 0);
        file.update(true, |progress| progress.is_indexing = true);
        let last = ImportProgress::read(folder.path()).unwrap();
        assert_eq!((last.files, last.is_indexing), (1, true));
        assert!(!folder.path().join(NEXT_FILE).exists());
        // A file that cannot be written takes the numbers with it that are wrong by now.
        fs::create_dir(folder.path().join(NEXT_FILE)).unwrap();
        file.update(true, |_| {});
        assert_eq!(ImportProgress::read(folder.path()), None);
    }

    #[test]
    fn a_torn_or_foreign_file_is_not_progress() {
        let folder = tempfile::tempdir().unwrap();
        let whole = serde_json::to_vec(&halfway()).unwrap();
        for length in 0..whole.len() {
            fs::write(folder.path().join(FILE), &whole[..length]).unwrap();
            assert_eq!(ImportProgress::read(folder.path()), None, "{length}");
        }
        let long = format!("{}{}", String::from_utf8(whole).unwrap(), " ".repeat(8 << 10));
        for foreign in [&b"\0\xff"[..], b"[]", b"{\"process\":-1}", long.as_bytes().split_at(5_000).1] {
            fs::write(folder.path().join(FILE), foreign).unwrap();
            assert_eq!(ImportProgress::read(folder.path()), None);
        }
    }

    #[test]
    fn sentences_have_numbers_only_if_they_are_new() {
        assert_eq!(running(Some(&halfway())), ", 49 %: 1,200 of 2,500 files read");
        assert_eq!(interrupted(Some(&halfway())), " at 49 %,");
        for age in [MAX_AGE_SECONDS + 5, -MAX_AGE_SECONDS - 5] {
            let old = ImportProgress { written: time::now() - age, ..halfway() };
            assert_eq!((running(Some(&old)), interrupted(Some(&old)).as_str()), (String::new(), " at 49 %,"));
        }
        let indexing = ImportProgress { is_indexing: true, ..halfway() };
        assert_eq!(running(Some(&indexing)), ": everything is read, and indexes are being built");
        assert_eq!(interrupted(Some(&indexing)), " while it built indexes,");
        assert_eq!((running(None), interrupted(None)), (String::new(), String::new()));
    }

    #[test]
    fn percents_are_those_of_bytes_and_never_more_than_all() {
        let progress = |bytes, all_bytes, files, all_files| {
            ImportProgress { bytes, all_bytes, files, all_files, ..ImportProgress::default() }.percent()
        };
        assert_eq!([progress(0, 0, 0, 0), progress(0, 0, 1, 2), progress(1, 3, 0, 9)], [0, 50, 33]);
        assert_eq!([progress(u64::MAX, u64::MAX, 0, 0), progress(u64::MAX, 1, 0, 0)], [100, 100]);
        assert_eq!([progress(7, 7, 1, 2), progress(7, 7, 2, 2)], [99, 100]);
    }
}
