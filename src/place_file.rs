//! Giving a finished file its permissions and its name, without replacing another file.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::{NamedTempFile, PathPersistError, PersistError, TempPath};

/// Renames a temporary file, unless another file has the name.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if another file has the name; the file cannot be renamed. The temporary file is given
/// back.
pub(crate) fn place_file(temporary: NamedTempFile, target: &Path) -> Result<(), PersistError> {
    let (file, path) = temporary.into_parts();
    place_path(path, target).map_err(|PathPersistError { error, path }| {
        let file = NamedTempFile::from_parts(file, path);
        PersistError { error, file }
    })
}

/// Gives a file permissions. Where it has them already nothing is done: not every file system can change them.
///
/// # Errors
/// They cannot be read or changed.
pub(crate) fn permit(file: &File, permissions: fs::Permissions) -> io::Result<()> {
    let has_them = mode(&file.metadata()?.permissions()) == mode(&permissions);
    if has_them { Ok(()) } else { file.set_permissions(permissions) }
}

/// Returns the bits of permissions, without the kind of the file.
#[cfg(unix)]
fn mode(permissions: &fs::Permissions) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(permissions) & 0o7777
}

#[cfg(not(unix))]
fn mode(permissions: &fs::Permissions) -> bool {
    permissions.readonly()
}

/// Renames a temporary file that is closed, as [`place_file`].
///
/// # Errors
/// As for [`place_file`].
pub(crate) fn place_path(temporary: TempPath, target: &Path) -> Result<(), PathPersistError> {
    match temporary.persist_noclobber(target) {
        Err(PathPersistError { error, path }) if may_lack_links(&error) => claim_and_rename(path, target),
        placed => placed,
    }
}

/// Reports whether an error may be that of a file system that can neither rename without replacing nor link: exFAT and FAT
/// by some drivers, and some network drives.
fn may_lack_links(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// Claims the name with an empty file, and replaces that. Another process can find the empty file in between.
fn claim_and_rename(temporary: TempPath, target: &Path) -> Result<(), PathPersistError> {
    if let Err(error) = File::create_new(target) {
        return Err(PathPersistError { error, path: temporary });
    }
    temporary.persist(target).inspect_err(|_| {
        // Nothing else is removed: another process may have written to it.
        if fs::metadata(target).is_ok_and(|claimed| claimed.len() == 0) {
            let _ = fs::remove_file(target);
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

    use tempfile::{NamedTempFile, TempPath};

    use super::{claim_and_rename, permit, place_file, place_path};

    #[test]
    fn a_file_gets_a_name_that_is_free_and_never_that_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let temporary = |content: &str| {
            let file = NamedTempFile::new_in(folder.path()).unwrap();
            fs::write(file.path(), content).unwrap();
            file
        };
        let by_path = |place: fn(TempPath, &std::path::Path) -> Result<(), tempfile::PathPersistError>| {
            let target = folder.path().join("placed.db");
            place(temporary("first").into_temp_path(), &target).unwrap();
            let refused = place(temporary("second").into_temp_path(), &target).unwrap_err();
            assert_eq!(refused.error.kind(), ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&refused.path).unwrap(), b"second", "it is given back");
            assert_eq!(fs::read(&target).unwrap(), b"first");
            fs::remove_file(&target).unwrap();
        };
        by_path(place_path);
        by_path(claim_and_rename);
        let target = folder.path().join("file.db");
        place_file(temporary("first"), &target).unwrap();
        let refused = place_file(temporary("second"), &target).unwrap_err();
        assert_eq!(refused.error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(refused.file.path()).unwrap(), b"second");
        assert_eq!(fs::read(&target).unwrap(), b"first");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_changed_where_they_differ() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = NamedTempFile::new().unwrap();
        for mode in [0o640, 0o640, 0o604] {
            permit(file.as_file(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode(), 0o100_000 | mode);
        }
    }

    #[test]
    fn a_name_that_cannot_be_used_is_not_claimed() {
        let folder = tempfile::tempdir().unwrap();
        let lost = NamedTempFile::new_in(folder.path()).unwrap().into_temp_path();
        fs::remove_file(&lost).unwrap();
        let target = folder.path().join("placed.db");
        assert_eq!(claim_and_rename(lost, &target).unwrap_err().error.kind(), ErrorKind::NotFound);
        assert!(!target.exists());
    }
}
