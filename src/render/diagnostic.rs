//! Prints a mistake with its place, notes and hints.
//!
//! ```text
//! error: unknown field `evnt-name`
//!   --> triage.trailq:12
//!   | evnt-name=RunInstances
//!   | ^^^^^^^^^
//!   = hint: did you mean `event-name`?
//! ```

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use crate::diagnostic::{Diagnostic, Span};
use crate::escape::{escape_where, is_unsafe, visible, visible_lines};
use crate::render::fit::cut;
use crate::render::palette::{DIM, ERROR, HEADING, HINT, PLACE, WARNING, paint};

/// The blanks that a tab is shown as.
const TAB: &str = "    ";
/// The largest number of columns of a line before and after the place.
const AROUND: usize = 60;

/// The largest number of columns of the place itself, which may be a list of thousands of values.
const MAX_PLACE: usize = 400;

/// Writes a mistake as an error.
pub fn write(out: &mut dyn Write, mistake: &Diagnostic, color: bool) -> io::Result<()> {
    write_as(out, &paint("error", ERROR, color), mistake, color)
}

/// Writes a mistake that stops nothing.
pub(crate) fn write_warning(out: &mut dyn Write, mistake: &Diagnostic, color: bool) -> io::Result<()> {
    write_as(out, &paint("warning", WARNING, color), mistake, color)
}

/// Writes a mistake with its kind before the message.
fn write_as(out: &mut dyn Write, kind: &str, mistake: &Diagnostic, color: bool) -> io::Result<()> {
    let message = paint(&visible(&mistake.message), HEADING, color).into_owned();
    writeln!(out, "{kind}: {message}")?;
    if let Some(origin) = &mistake.origin {
        writeln!(out, "  {} {}", paint("-->", DIM, color), visible(origin))?;
    }
    if let (Some(span), Some(source)) = (mistake.span, &mistake.source) {
        let bar = paint("|", DIM, color);
        let (line, marks) = place(source, span);
        writeln!(out, "  {bar} {line}")?;
        writeln!(out, "  {bar} {}", paint(&marks, PLACE, color))?;
    }
    for note in &mistake.notes {
        advice(out, "note", note, color)?;
    }
    for hint in &mistake.hints {
        advice(out, "hint", hint, color)?;
    }
    Ok(())
}

/// Writes a note of its own: `note: ...`.
pub fn write_note(out: &mut dyn Write, note: &str, color: bool) -> io::Result<()> {
    writeln!(out, "{}: {}", paint("note", HINT, color), visible_lines(note))
}

/// Writes a note or hint under a mistake; its further lines are indented.
fn advice(out: &mut dyn Write, kind: &str, text: &str, color: bool) -> io::Result<()> {
    let text = visible_lines(text).replace('\n', "\n          ");
    writeln!(out, "  {} {}: {text}", paint("=", DIM, color), paint(kind, HINT, color))
}

/// Returns the line in which a place begins, and the marks under the place.
fn place(source: &str, span: Span) -> (String, String) {
    let start = floor(source, span.start);
    let end = floor(source, span.end).max(start);
    let from = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = source[start..].find('\n').map_or(source.len(), |at| start + at);
    let before = windowed(&source[from..start], false);
    let inside = cut(&shown(&source[start..end.min(to)]), MAX_PLACE, "...");
    let after = windowed(&source[end.min(to)..to], true);
    let blanks: String = before.chars().flat_map(|c| std::iter::repeat_n(' ', c.width().unwrap_or(0))).collect();
    let marks = "^".repeat(inside.chars().filter_map(|c| c.width()).sum::<usize>().max(1));
    (format!("{before}{inside}{after}").trim_end().to_owned(), format!("{blanks}{marks}"))
}

/// Returns the end (`first` false) or the start (`first` true) of a text, with a mark where it is cut.
fn windowed(text: &str, first: bool) -> String {
    let shown = shown(text);
    let length = shown.chars().count();
    if length <= AROUND {
        shown
    } else if first {
        shown.chars().take(AROUND - 3).chain("...".chars()).collect()
    } else {
        "...".chars().chain(shown.chars().skip(length - AROUND + 3)).collect()
    }
}

/// Returns a part of a line with tabs as blanks and unsafe characters escaped.
fn shown(text: &str) -> String {
    escape_where(&text.replace('\t', TAB), is_unsafe).into_owned()
}

/// Returns the nearest boundary of a character at or before an offset.
fn floor(source: &str, offset: usize) -> usize {
    source.floor_char_boundary(offset.min(source.len()))
}

#[cfg(test)]
mod tests {
    use super::{write, write_note};
    use crate::diagnostic::{Diagnostic, Span};

    fn show(mistake: &Diagnostic) -> String {
        let mut out = Vec::new();
        write(&mut out, mistake, false).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn at(source: &str, start: usize, end: usize) -> String {
        show(&Diagnostic::at(Span::new(start, end), "bad").in_source(source))
    }

    #[test]
    fn a_mistake_has_its_place_and_advice() {
        let mistake = Diagnostic::at(Span::new(0, 9), "unknown field `evnt-name`")
            .in_source("evnt-name=RunInstances")
            .from_origin("triage.trailq:12")
            .note("fields ignore case")
            .hint("did you mean `event-name`?");
        assert_eq!(
            show(&mistake),
            "error: unknown field `evnt-name`\n  --> triage.trailq:12\n  | evnt-name=RunInstances\n  | ^^^^^^^^^\n  \
             = note: fields ignore case\n  = hint: did you mean `event-name`?\n"
        );
    }

    #[test]
    fn the_caret_is_under_the_span() {
        assert_eq!(at("a\tb=c", 2, 3), "error: bad\n  | a    b=c\n  |      ^\n");
        assert_eq!(at("漢字 x", 7, 8), "error: bad\n  | 漢字 x\n  |      ^\n");
        assert_eq!(at("漢字 x", 0, 6), "error: bad\n  | 漢字 x\n  | ^^^^\n");
        assert_eq!(at("SELECT 1\nFROM nowhere\nWHERE 1", 14, 21), "error: bad\n  | FROM nowhere\n  |      ^^^^^^^\n");
        assert_eq!(at("SELECT 1\nFROM x", 7, 15), "error: bad\n  | SELECT 1\n  |        ^\n");
        assert_eq!(at("abc", 3, 3), "error: bad\n  | abc\n  |    ^\n");
        assert_eq!(at("a\x1bb", 2, 3), "error: bad\n  | a\\x1bb\n  |      ^\n");
    }

    #[test]
    fn a_place_outside_the_text_or_inside_a_character_does_not_panic() {
        assert_eq!(at("é", 1, 99), "error: bad\n  | é\n  | ^\n");
        assert_eq!(at("", 5, 2), "error: bad\n  | \n  | ^\n");
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let source = format!("{}bad{}", "x".repeat(500), "y".repeat(500));
        let shown = at(&source, 500, 503);
        assert!(shown.lines().all(|line| line.len() < 140), "{shown}");
        assert!(shown.contains("xbady"), "{shown}");
        let shown = at(&source, 0, 1_000);
        assert!(shown.lines().all(|line| line.len() < 410) && shown.contains("x..."), "{shown}");
    }

    #[test]
    fn messages_cannot_act_on_the_terminal() {
        let shown = show(&Diagnostic::new("no `\x1b[2J`").hint("a\nb\x07"));
        assert_eq!(shown, "error: no `\\x1b[2J`\n  = hint: a\n          b\\x07\n");
        let mut out = Vec::new();
        write_note(&mut out, "x\u{202e}", true).unwrap();
        assert!(String::from_utf8(out).unwrap().ends_with("x\\u{202e}\n"));
    }
}
