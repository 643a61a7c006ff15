//! The settings of the user: a file in the configuration folder, the environment and the options of the command line, in
//! ascending order of precedence. Knows no session and no case.

mod choice;
mod file;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::escape::visible;
use crate::render::{Format, zone};
use crate::terminal::pager::Paging;
pub(crate) use choice::{EditMode, Theme};
use file::{FileSettings, Mistake, Placed};

/// The environment variable that names the file; an empty one means none.
const FILE_VARIABLE: &str = "TRAILQ_CONFIG";
/// The environment variable that names further folders of queries, separated as `PATH` is.
const QUERIES_VARIABLE: &str = "TRAILQ_QUERIES";
/// The environment variable that names the pager. `PAGER`, which is for every program, yields to the file.
const PAGER_VARIABLE: &str = "TRAILQ_PAGER";
/// The environment variable that turns color off.
const NO_COLOR_VARIABLE: &str = "NO_COLOR";
/// The default prompt.
const PROMPT: &str = "trailq> ";
/// The default number of inputs in the history.
const HISTORY_SIZE: usize = 5_000;

/// The source of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing sets it.
    Default,
    /// A line of the file, from 1.
    File(usize),
    /// An environment variable.
    Environment(&'static str),
    /// An option of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(line) => write!(f, "file, line {line}"),
            Origin::Environment(name) => write!(f, "environment, {name}"),
            Origin::Flag(name) => write!(f, "flag, {name}"),
        }
    }
}

/// A setting's value and its source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// The options of the command line that set the same as the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// `--format`.
    pub(crate) format: Option<Format>,
    /// `--color`, if it is not `auto`.
    pub(crate) theme: Option<Theme>,
    /// `--queries`.
    pub(crate) queries: Vec<PathBuf>,
    /// `--geo`.
    pub(crate) geo_files: Vec<PathBuf>,
}

/// The settings and their sources.
#[derive(Debug)]
pub(crate) struct Config {
    /// The file, if the environment has a place for one.
    pub(crate) path: Option<PathBuf>,
    /// True if there is such a file.
    pub(crate) exists: bool,
    /// The format of answers at the prompt.
    pub(crate) format: Setting<Format>,
    /// The colors of the prompt.
    pub(crate) theme: Setting<Theme>,
    /// The zone in which tables at the prompt show times; `None` is UTC.
    pub(crate) zone: Setting<Option<TimeZone>>,
    /// The use of a pager at the prompt.
    pub(crate) pager: Setting<Paging>,
    /// The prompt.
    pub(crate) prompt: Setting<String>,
    /// The keys of the line editor.
    pub(crate) edit_mode: Setting<EditMode>,
    /// Maximum number of inputs in the history.
    pub(crate) history_size: Setting<usize>,
    /// Files about addresses, in the order in which they are asked.
    pub(crate) geo_files: Vec<Setting<PathBuf>>,
    /// Folders of saved queries, in the order in which they are searched.
    pub(crate) queries: Vec<Setting<PathBuf>>,
    /// Files and folders of Sigma rules that every hunt runs.
    pub(crate) rules: Vec<Setting<PathBuf>>,
    /// The mistakes in the file, by line.
    pub(crate) mistakes: Vec<Mistake>,
}

impl Config {
    /// Reads the file of the user.
    pub(crate) fn from_environment(flags: &Flags) -> Config {
        Config::read(flags, &|name| std::env::var_os(name))
    }

    /// Reads the file that an environment leads to.
    fn read(flags: &Flags, environment: &dyn Fn(&str) -> Option<OsString>) -> Config {
        let is_set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let home = is_set("HOME").map(PathBuf::from);
        let folder = folder(is_set("XDG_CONFIG_HOME").map(PathBuf::from), home.as_deref());
        let path = match environment(FILE_VARIABLE) {
            Some(named) => (!named.is_empty()).then(|| PathBuf::from(named)),
            None => folder.as_ref().map(|folder| folder.join("config.toml")),
        };
        let read = path.as_deref().and_then(|path| file::read(path, home.as_deref()));
        let exists = read.is_some();
        let file = read.unwrap_or_default();
        let pager = is_set(PAGER_VARIABLE).map(|named| (Paging::On, named.to_string_lossy().into_owned()));
        let no_color = is_set(NO_COLOR_VARIABLE).map(|_| (Theme::None, NO_COLOR_VARIABLE));
        let flag = |name| move |value| Setting { value, origin: Origin::Flag(name) };
        Config {
            queries: query_folders(flags, &file, is_set(QUERIES_VARIABLE), folder.as_deref()),
            format: flags.format.map(flag("--format")).unwrap_or_else(|| or_default(file.format, Format::default())),
            theme: match (flags.theme, no_color) {
                (Some(theme), _) => Setting { value: theme, origin: Origin::Flag("--color") },
                (None, Some((theme, name))) => Setting { value: theme, origin: Origin::Environment(name) },
                (None, None) => or_default(file.theme, Theme::Colors),
            },
            zone: or_default(file.zone, None),
            pager: match pager {
                Some((_, named)) => Setting { value: Paging::With(named), origin: Origin::Environment(PAGER_VARIABLE) },
                None => or_default(file.pager, Paging::On),
            },
            prompt: or_default(file.prompt, PROMPT.to_owned()),
            edit_mode: or_default(file.edit_mode, EditMode::Emacs),
            history_size: or_default(file.history_size, HISTORY_SIZE),
            geo_files: geo_files(flags, file.geo_files),
            rules: file.rules.into_iter().map(of_file).collect(),
            mistakes: file.mistakes,
            path,
            exists,
        }
    }

    /// Returns every setting: its name in the file, its value as text and its source. A list has a row for each of its
    /// values.
    pub(crate) fn rows(&self) -> Vec<[String; 3]> {
        let file = match (&self.path, self.exists) {
            (None, _) => [String::new(), "none".to_owned()],
            (Some(path), true) => [shown(path), "read".to_owned()],
            (Some(path), false) => [shown(path), "there is no such file".to_owned()],
        };
        let [path, state] = file;
        let mut rows = vec![["file".to_owned(), path, state]];
        let mut add =
            |name: &str, value: String, origin: Origin| rows.push([name.to_owned(), value, origin.to_string()]);
        add("format", self.format.value.name().to_owned(), self.format.origin);
        add("theme", self.theme.value.name().to_owned(), self.theme.origin);
        add("time-zone", zone::name(self.zone.value.as_ref()), self.zone.origin);
        add("pager", visible(self.pager.value.name()).into_owned(), self.pager.origin);
        add("prompt", self.prompt.value.clone(), self.prompt.origin);
        add("edit-mode", self.edit_mode.value.name().to_owned(), self.edit_mode.origin);
        add("history-size", self.history_size.value.to_string(), self.history_size.origin);
        for (name, paths) in [("geo-files", &self.geo_files), ("queries", &self.queries), ("rules", &self.rules)] {
            if paths.is_empty() {
                add(name, String::new(), Origin::Default);
            }
            for path in paths {
                add(name, shown(&path.value), path.origin);
            }
        }
        rows
    }
}

/// Returns the values of settings.
pub(crate) fn values<T: Clone>(settings: &[Setting<T>]) -> Vec<T> {
    settings.iter().map(|setting| setting.value.clone()).collect()
}

/// Returns the folders of queries: of options, of the environment, of the file, and the one beside the file.
fn query_folders(
    flags: &Flags,
    file: &FileSettings,
    named: Option<OsString>,
    folder: Option<&Path>,
) -> Vec<Setting<PathBuf>> {
    let setting = |origin: Origin| move |value: PathBuf| Setting { value, origin };
    let named = named.iter().flat_map(std::env::split_paths).filter(|path| !path.as_os_str().is_empty());
    let own = folder.map(|folder| folder.join("queries")).filter(|folder| folder.is_dir());
    let flagged = flags.queries.iter().cloned().map(setting(Origin::Flag("--queries")));
    let named = named.map(setting(Origin::Environment(QUERIES_VARIABLE)));
    let of_file = file.queries.iter().cloned().map(of_file);
    flagged.chain(named).chain(of_file).chain(own.map(setting(Origin::Default))).collect()
}

/// Returns the files about addresses: of options, then of the file.
fn geo_files(flags: &Flags, of_file: Vec<Placed<PathBuf>>) -> Vec<Setting<PathBuf>> {
    let flagged = flags.geo_files.iter().cloned();
    let flagged = flagged.map(|value| Setting { value, origin: Origin::Flag("--geo") });
    flagged.chain(of_file.into_iter().map(self::of_file)).collect()
}

/// Returns a value of the file as a setting.
fn of_file<T>(placed: Placed<T>) -> Setting<T> {
    Setting { value: placed.value, origin: Origin::File(placed.line) }
}

/// Returns the value of the file, else the default.
fn or_default<T>(placed: Option<Placed<T>>, default: T) -> Setting<T> {
    placed.map_or(Setting { value: default, origin: Origin::Default }, of_file)
}

/// Returns trailq's folder of configuration.
fn folder(config: Option<PathBuf>, home: Option<&Path>) -> Option<PathBuf> {
    let config = config.filter(|config| config.is_absolute()).or_else(|| home.map(|home| home.join(".config")))?;
    Some(config.join("trailq"))
}

/// Returns a path as text.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    use super::{Config, EditMode, Flags, Origin, Theme, folder};
    use crate::render::Format;
    use crate::terminal::pager::Paging;

    /// The settings in a home folder with this file and these variables.
    fn config(home: &Path, text: &str, flags: &Flags, variables: &[(&str, &str)]) -> Config {
        let own = home.join(".config/trailq");
        std::fs::create_dir_all(own.join("queries")).unwrap();
        std::fs::write(own.join("config.toml"), text).unwrap();
        Config::read(flags, &|name| match variables.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Some(OsString::from(value)),
            None => (name == "HOME").then(|| home.as_os_str().to_owned()),
        })
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("own.mmdb");
        std::fs::write(&own, "").unwrap();
        let text = "format = 'csv'\ntheme = 'colors'\npager = 'most'\nedit-mode = 'vi'\nqueries = '~'\n\
                    geo-files = '~/own.mmdb'\n";
        let of_file = config(home.path(), text, &Flags::default(), &[("PAGER", "more")]);
        assert_eq!((of_file.format.value, of_file.format.origin), (Format::Csv, Origin::File(1)));
        assert_eq!((of_file.theme.value, of_file.theme.origin), (Theme::Colors, Origin::File(2)));
        assert_eq!((of_file.pager.value, of_file.pager.origin), (Paging::With("most".to_owned()), Origin::File(3)));
        assert_eq!(of_file.edit_mode.value, EditMode::Vi);
        let flags = Flags {
            format: Some(Format::Json),
            theme: Some(Theme::Colors),
            queries: vec![PathBuf::from("/flagged")],
            geo_files: vec![PathBuf::from("/a.mmdb")],
        };
        let variables = [("NO_COLOR", "1"), ("TRAILQ_PAGER", "less"), ("TRAILQ_QUERIES", "/a:/b")];
        let of_environment = config(home.path(), text, &Flags::default(), &variables);
        assert_eq!(
            (of_environment.theme.value, of_environment.theme.origin),
            (Theme::None, Origin::Environment("NO_COLOR"))
        );
        assert_eq!(of_environment.pager.value, Paging::With("less".to_owned()));
        let all = config(home.path(), text, &flags, &variables);
        assert_eq!((all.format.value, all.format.origin), (Format::Json, Origin::Flag("--format")));
        assert_eq!((all.theme.value, all.theme.origin), (Theme::Colors, Origin::Flag("--color")));
        let geo: Vec<String> =
            all.geo_files.iter().map(|file| format!("{} {}", file.value.display(), file.origin)).collect();
        assert_eq!(geo, ["/a.mmdb flag, --geo".to_owned(), format!("{} file, line 6", own.display())]);
        let folders: Vec<String> =
            all.queries.iter().map(|folder| format!("{} {}", folder.value.display(), folder.origin)).collect();
        assert_eq!(
            folders,
            [
                "/flagged flag, --queries".to_owned(),
                "/a environment, TRAILQ_QUERIES".to_owned(),
                "/b environment, TRAILQ_QUERIES".to_owned(),
                format!("{} file, line 5", home.path().display()),
                format!("{} default", home.path().join(".config/trailq/queries").display()),
            ]
        );
    }

    #[test]
    fn an_empty_variable_means_no_file() {
        let home = tempfile::tempdir().unwrap();
        let none = config(home.path(), "format = 'csv'", &Flags::default(), &[("TRAILQ_CONFIG", "")]);
        assert_eq!((none.path.clone(), none.format.origin), (None, Origin::Default));
        assert_eq!(none.rows()[0], ["file", "", "none"]);
        let other = home.path().join("other.toml");
        let named = [("TRAILQ_CONFIG", other.to_str().unwrap())];
        let absent = config(home.path(), "format = 'csv'", &Flags::default(), &named);
        assert_eq!(absent.rows()[0][2], "there is no such file");
        assert!(absent.mistakes.is_empty());
    }

    #[test]
    fn the_folder_is_that_of_the_user() {
        let at = |text: &str| Some(PathBuf::from(text));
        assert_eq!(folder(at("/c"), Some(Path::new("/home/a"))), at("/c/trailq"));
        assert_eq!(folder(at("relative"), Some(Path::new("/home/a"))), at("/home/a/.config/trailq"));
        assert_eq!(folder(None, None), None);
    }
}
