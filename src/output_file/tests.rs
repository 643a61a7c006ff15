use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::{Existing, Options, OutputError, OutputFile, is_protected, leads_to_same};

/// A folder with a case in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        fs::write(folder.path("case.db"), b"SQLite format 3\0 and pages").unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn create(&self, name: &str, existing: Existing) -> Result<OutputFile, OutputError> {
        let case = self.path("case.db");
        OutputFile::create(&self.path(name), &Options { in_use: &[&case], existing, private: false })
    }

    fn write(&self, name: &str, existing: Existing, text: &str) -> Result<(), OutputError> {
        let mut file = self.create(name, existing)?;
        file.write_all(text.as_bytes()).unwrap();
        file.commit()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_file_appears_when_it_is_complete() {
    let folder = Folder::new();
    let mut file = folder.create("out", Existing::Refuse).unwrap();
    file.write_all(b"half").unwrap();
    file.flush().unwrap();
    assert!(!folder.path("out").exists());
    drop(file);
    assert_eq!(folder.names(), ["case.db"], "what is given up leaves nothing");
    folder.write("out", Existing::Refuse, "whole").unwrap();
    assert_eq!(fs::read(folder.path("out")).unwrap(), b"whole");
    fs::write(folder.path("plain"), "").unwrap();
    assert_eq!(mode(&folder.path("out")), mode(&folder.path("plain")), "the mask of the user holds");
    assert_eq!(folder.names(), ["case.db", "out", "plain"]);
}

#[test]
fn databases_are_never_replaced() {
    let folder = Folder::new();
    fs::copy(folder.path("case.db"), folder.path("other")).unwrap();
    fs::write(folder.path("hot"), b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 journal").unwrap();
    fs::create_dir(folder.path("sub")).unwrap();
    symlink("case.db", folder.path("link")).unwrap();
    symlink("link", folder.path("sub/../link2")).unwrap();
    fs::hard_link(folder.path("case.db"), folder.path("hard")).unwrap();
    fs::write(folder.path("case.db-journal"), "x").unwrap();
    symlink("case.db-wal", folder.path("dangling")).unwrap();
    for name in [
        "case.db",
        "sub/../case.db",
        "./case.db",
        "link",
        "link2",
        "hard",
        "other",
        "hot",
        "case.db-journal",
        "case.db-wal",
        "other-shm",
        "link2-journal",
        "dangling",
    ] {
        for existing in [Existing::Refuse, Existing::ReplaceEmpty, Existing::Replace] {
            let refused = folder.create(name, existing).expect_err(name);
            assert!(
                matches!(refused, OutputError::InUse(_) | OutputError::Database(_) | OutputError::BesideDatabase(..)),
                "{name}: {refused:?}"
            );
        }
        let case = folder.path("case.db");
        assert!(is_protected(&folder.path(name), &[&case]), "{name}");
    }
    assert!(fs::read(folder.path("case.db")).unwrap().starts_with(b"SQLite"));
    let missing = folder.path("not-made-yet.db");
    let options = Options { in_use: &[&missing], existing: Existing::Replace, private: false };
    assert!(matches!(OutputFile::create(&missing, &options), Err(OutputError::InUse(_))));
    assert!(!is_protected(&folder.path("free"), &[&missing]));
}

#[test]
fn another_file_is_replaced_only_where_that_is_asked_for() {
    let folder = Folder::new();
    fs::write(folder.path("old"), "old").unwrap();
    fs::set_permissions(folder.path("old"), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(folder.create("old", Existing::Refuse), Err(OutputError::Exists(_))));
    assert!(matches!(folder.create("old", Existing::ReplaceEmpty), Err(OutputError::Exists(_))));
    let mut file = folder.create("old", Existing::Replace).unwrap();
    file.write_all(b"new").unwrap();
    assert_eq!(fs::read(folder.path("old")).unwrap(), b"old", "until it is complete");
    file.commit().unwrap();
    assert_eq!(fs::read(folder.path("old")).unwrap(), b"new");
    assert_eq!(mode(&folder.path("old")), 0o640);
    fs::write(folder.path("empty"), "").unwrap();
    folder.write("empty", Existing::ReplaceEmpty, "key").unwrap();
    assert_eq!(fs::read(folder.path("empty")).unwrap(), b"key");
    // What has appeared meanwhile is not replaced either.
    let file = folder.create("late", Existing::Refuse).unwrap();
    fs::write(folder.path("late"), "someone else's").unwrap();
    assert!(matches!(file.commit(), Err(OutputError::Exists(_))));
    assert_eq!(fs::read(folder.path("late")).unwrap(), b"someone else's");
    let mut file = folder.create("kept.csv", Existing::Refuse).unwrap();
    file.write_all(b"rows").unwrap();
    fs::write(folder.path("kept.csv"), "someone else's").unwrap();
    let told = file.commit_written().unwrap_err().to_string();
    assert!(told.ends_with("kept-2.csv"), "{told}");
    assert_eq!(fs::read(folder.path("kept-2.csv")).unwrap(), b"rows");
    let file = folder.create("late-case", Existing::Replace).unwrap();
    fs::copy(folder.path("case.db"), folder.path("late-case")).unwrap();
    assert!(matches!(file.commit(), Err(OutputError::Exists(_))));
}

#[test]
fn links_are_followed_and_stay() {
    let folder = Folder::new();
    fs::write(folder.path("old"), "old").unwrap();
    symlink("old", folder.path("link")).unwrap();
    symlink("new", folder.path("dangling")).unwrap();
    symlink("circle", folder.path("circle")).unwrap();
    assert!(matches!(folder.create("link", Existing::Refuse), Err(OutputError::Exists(_))));
    folder.write("link", Existing::Replace, "by link").unwrap();
    folder.write("dangling", Existing::Refuse, "by link").unwrap();
    for name in ["old", "new"] {
        assert_eq!(fs::read(folder.path(name)).unwrap(), b"by link", "{name}");
        assert!(!fs::symlink_metadata(folder.path(name)).unwrap().is_symlink());
    }
    assert!(fs::symlink_metadata(folder.path("link")).unwrap().is_symlink());
    assert!(folder.create("circle", Existing::Replace).is_err());
    assert!(leads_to_same(&folder.path("link"), &folder.path("old")));
    assert!(!leads_to_same(&folder.path("new"), &folder.path("old")));
}

#[test]
fn devices_are_written_through_and_folders_are_not_files() {
    let folder = Folder::new();
    let case = folder.path("case.db");
    let options = Options { in_use: &[&case], existing: Existing::Refuse, private: false };
    for name in ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/2"] {
        let file = OutputFile::create(Path::new(name), &options).expect(name);
        assert!(file.is_through(), "{name}");
        file.commit().unwrap();
    }
    symlink("/dev/null", folder.path("sink")).unwrap();
    folder.write("sink", Existing::Refuse, "gone").unwrap();
    fs::create_dir(folder.path("sub")).unwrap();
    for name in ["sub", "sub/", "new/", "sub/.."] {
        let refused = folder.create(name, Existing::Replace).expect_err(name);
        assert!(refused.to_string().ends_with("is a folder"), "{name}: {refused}");
    }
    assert!(folder.create("none/x", Existing::Refuse).unwrap_err().to_string().contains("none does not exist"));
    assert!(folder.create("case.db/x", Existing::Refuse).unwrap_err().to_string().ends_with("is not a folder"));
    assert!(OutputFile::create(Path::new(""), &options).is_err());
    let mut full = OutputFile::create(Path::new("/dev/full"), &options).unwrap();
    full.write_all(b"x").unwrap();
    assert_eq!(full.flush().unwrap_err().to_string(), "no space left to write /dev/full");
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let folder = Folder::new();
    for name in [".out-aB3xYz.part", ".out-aB3xYz.txt", ".outer-aB3xYz.part"] {
        fs::write(folder.path(name), "left").unwrap();
    }
    let held = folder.create("out", Existing::Refuse).unwrap();
    folder.write("out", Existing::Refuse, "x").unwrap();
    let names = folder.names();
    assert!(!names.contains(&".out-aB3xYz.part".to_owned()), "{names:?}");
    for kept in [".out-aB3xYz.txt", ".outer-aB3xYz.part"] {
        assert!(names.contains(&kept.to_owned()), "{kept}: {names:?}");
    }
    assert_eq!(names.len(), 5, "a file that is being written stays: {names:?}");
    drop(held);
}
