//! Tests of the settings file.

use std::path::{Path, PathBuf};

use super::{FileSettings, Folders, KEYS, MAX_MISTAKES, parse, read};
use crate::config::{EditMode, Theme};
use crate::diagnostic::Diagnostic;
use crate::render::{Format, zone};
use crate::terminal::pager::Paging;

/// Parses a text in a folder of its own.
fn parsed(text: &str) -> FileSettings {
    parse(text, "config.toml", Folders { home: Some(Path::new("/")), own: Path::new("/") })
}

/// The mistakes as diagnostics.
fn diagnostics(file: &FileSettings) -> Vec<Diagnostic> {
    file.mistakes.iter().map(|mistake| mistake.diagnostic.clone()).collect()
}

/// The places and messages of the mistakes.
fn mistakes(file: &FileSettings) -> Vec<String> {
    diagnostics(file).iter().map(|mistake| format!("{} {}", mistake.origin.clone().unwrap(), mistake.message)).collect()
}

#[test]
fn every_setting_is_read_with_its_line() {
    let file = parsed(
        "# mine\nformat = \"csv\"\nTheme = 'none'\ntime_zone = \"Europe/Berlin\"\npager = \"less -RS\"\n\
         prompt = \"? \"\nedit-mode = \"vi\"\nhistory-size = 1_000\nrules = \"~/tmp\"\nqueries = [\n  \"tmp\",\n  '~',\n]\n",
    );
    assert_eq!(mistakes(&file), Vec::<String>::new());
    let format = file.format.clone().unwrap();
    assert_eq!((format.value, format.line), (Format::Csv, 2));
    assert_eq!(file.theme.as_ref().unwrap().value, Theme::None);
    assert_eq!(zone::name(file.zone.as_ref().unwrap().value.as_ref()), "Europe/Berlin");
    assert_eq!(file.pager.as_ref().unwrap().value, Paging::With("less -RS".to_owned()));
    assert_eq!(file.prompt.as_ref().unwrap().value, "? ");
    assert_eq!(file.edit_mode.as_ref().unwrap().value, EditMode::Vi);
    assert_eq!(file.history_size.as_ref().unwrap().value, 1_000);
    let paths: Vec<(PathBuf, usize)> = file.queries.into_iter().map(|path| (path.value, path.line)).collect();
    assert_eq!(paths, [(PathBuf::from("/tmp"), 11), (PathBuf::from("/"), 12)]);
    assert_eq!(file.rules[0].value, Path::new("/tmp"));
}

#[test]
fn a_mistake_names_its_line_and_hides_nothing_else() {
    let file = parsed(
        "format = \"cvs\"\nedit-mode = \"vim\"\nhue = true\ntime-zone = \"Mars\"\nhistory-size = 0\nprompt = \"\\u001b[1m\"\n\
         pager = \" \"\nqueries = [\"/no/such\", \"/tmp\", 7]\ntheme = \"none\"\nzzz = 1\n",
    );
    assert_eq!(
        mistakes(&file),
        [
            "config.toml:1 invalid value `cvs`: expected table, expanded, json, ndjson, csv, tsv, markdown, records",
            "config.toml:2 invalid value `vim`: expected emacs, vi",
            "config.toml:3 unknown setting `hue`",
            "config.toml:4 no zone `Mars`",
            "config.toml:5 expected a number of inputs from 1 to 1000000",
            "config.toml:6 the prompt has 1 to 40 columns and neither line breaks nor control characters",
            "config.toml:7 the pager is empty",
            "config.toml:8 there is no folder /no/such",
            "config.toml:10 unknown setting `zzz`",
        ]
    );
    assert_eq!(file.theme.as_ref().unwrap().value, Theme::None);
    assert_eq!(file.queries.len(), 1);
    let found = diagnostics(&file);
    assert_eq!(found[0].hints, ["did you mean `csv`?"]);
    assert_eq!(found[1].instead.as_deref(), Some("\"vi\""));
    let of_prompt: Vec<bool> = file.mistakes.iter().map(|mistake| mistake.is_of_prompt).collect();
    assert_eq!(of_prompt, [true, true, false, true, true, true, true, false, false]);
    assert!(found[8].notes[0].starts_with("the settings are format, theme, "));
}

#[test]
fn a_mistake_of_syntax_hides_no_other_line() {
    let file = parsed("format = \"csv\"\ntheme = none\nprompt = \"? \"\nprompt = \"! \"\n");
    assert_eq!(file.format.as_ref().unwrap().value, Format::Csv);
    assert_eq!(file.prompt.as_ref().unwrap().value, "? ");
    let places: Vec<&str> = file.mistakes.iter().filter_map(|mistake| mistake.diagnostic.origin.as_deref()).collect();
    assert!(places.contains(&"config.toml:2") && places.contains(&"config.toml:4"), "{:?}", mistakes(&file));
    assert!(diagnostics(&file).iter().any(|mistake| mistake.message.starts_with("invalid TOML: ")));
    assert_eq!(parsed(&"x = \n".repeat(1_000)).mistakes.len(), MAX_MISTAKES);
}

#[test]
fn every_setting_refuses_a_value_of_another_type() {
    for (name, ..) in KEYS {
        for value in ["1.5", "true", "{ a = 1 }", "[[1]]", "1979-05-27"] {
            let file = parsed(&format!("{name} = {value}\n"));
            assert_eq!(file.mistakes.len(), 1, "{name} = {value}: {:?}", mistakes(&file));
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(read(&at("none"), None).is_none());
    std::fs::write(at("bytes"), b"format = \"\xff\"").unwrap();
    std::fs::write(at("large"), vec![b'#'; (1 << 20) + 1]).unwrap();
    for (name, why) in [("bytes", "not UTF-8"), ("large", "larger than 1 MiB"), (".", "not a file")] {
        let file = read(&at(name), None).unwrap();
        assert!(file.mistakes.len() == 1 && file.mistakes[0].diagnostic.message.contains(why), "{:?}", file.mistakes);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(lines in proptest::collection::vec("(format|queries|prompt|history-size|x)? ?=? ?[\\[\\]{}\"'a-z0-9.,~#\\\\é]{0,12}", 0..6)) {
        let text = lines.join("\n");
        for mistake in parsed(&text).mistakes {
            let origin = mistake.diagnostic.origin.unwrap();
            let line: usize = origin.rsplit(':').next().unwrap().parse().unwrap();
            assert!(line >= 1 && line <= text.split('\n').count(), "{origin}: {text:?}");
        }
    }
}
