//! Regular expressions of trailq in the syntax of another engine, written from the meaning that `regex-syntax` gives them:
//! every class has its characters, with case and Unicode taken into account, so that no engine's defaults matter.

use std::fmt::Write as _;
use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, Repetition};

use crate::sql::translate::dialect::RegexSyntax;

/// RE2 refuses more repetitions, nested ones multiplied.
const MAX_REPETITIONS: u64 = 1_000;
/// Classes of fewer ranges are written range by range.
const MAX_RANGES: usize = 24;

/// Sets of characters that a large class is written with. `\w`, then general categories.
static SETS: LazyLock<Vec<(String, ClassUnicode)>> = LazyLock::new(|| {
    // `\w` is Alphabetic, M, Nd, Pc and Join_Control; Alphabetic is L, Nl, marks and these letters in circles and squares.
    let word = r"\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}\x{200c}\x{200d}";
    let named = [(word.to_owned(), r"\w".to_owned())].into_iter();
    let categories = ["L", "Lu", "Ll", "M", "N", "Nd", "P", "S"].map(|name| format!(r"\p{{{name}}}"));
    let sets = named.chain(categories.map(|name| (name.clone(), name)));
    sets.filter_map(|(written, pattern)| Some((written, class_of(&regex_syntax::parse(&pattern).ok()?)?))).collect()
});

/// Returns a pattern in another syntax.
///
/// # Errors
/// The syntax has no equivalent of a part of it; the error is the reason.
pub(crate) fn rewrite(pattern: &str, syntax: RegexSyntax) -> Result<String, String> {
    let hir = regex_syntax::parse(pattern).map_err(|error| error.to_string())?;
    let mut writer = Writer { syntax, written: String::new() };
    writer.hir(&hir, 1)?;
    Ok(writer.written)
}

/// Returns the characters beyond ASCII that a pattern names one by one.
pub(crate) fn literal_characters(pattern: &str) -> Vec<char> {
    let mut found = Vec::new();
    if let Ok(hir) = regex_syntax::parse(pattern) {
        collect(&hir, &mut found);
    }
    found
}

fn collect(hir: &Hir, found: &mut Vec<char>) {
    match hir.kind() {
        HirKind::Literal(literal) => {
            found.extend(String::from_utf8_lossy(&literal.0).chars().filter(|character| !character.is_ascii()));
        }
        HirKind::Class(class) => {
            // A letter in either case is a class of two.
            let class = unicode(class).filter(|class| class.ranges().len() <= 4);
            let ranges = class.iter().flat_map(|class| class.ranges()).filter(|range| range.start() == range.end());
            found.extend(ranges.map(ClassUnicodeRange::start).filter(|character| !character.is_ascii()));
        }
        HirKind::Repetition(Repetition { sub, .. }) => collect(sub, found),
        HirKind::Capture(capture) => collect(&capture.sub, found),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().for_each(|part| collect(part, found)),
        HirKind::Empty | HirKind::Look(_) => {}
    }
}

struct Writer {
    syntax: RegexSyntax,
    written: String,
}

impl Writer {
    /// Writes a part. `repeated`: how often the parts around it repeat it at most.
    fn hir(&mut self, hir: &Hir, repeated: u64) -> Result<(), String> {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => {
                let text =
                    std::str::from_utf8(&literal.0).map_err(|_| "it matches bytes that are not text".to_owned())?;
                text.chars().for_each(|character| self.character(character));
            }
            HirKind::Class(class) => {
                let class = unicode(class).ok_or("it matches bytes that are not text")?;
                self.written.push_str(&class_text(&class));
            }
            HirKind::Look(look) => self.look(*look)?,
            HirKind::Repetition(repetition) => self.repetition(repetition, repeated)?,
            HirKind::Capture(capture) => self.group(&capture.sub, repeated)?,
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| match part.kind() {
                HirKind::Alternation(_) => self.group(part, repeated),
                _ => self.hir(part, repeated),
            })?,
            HirKind::Alternation(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    self.written.push_str(if at > 0 { "|" } else { "" });
                    self.hir(part, repeated)?;
                }
            }
        }
        Ok(())
    }

    fn group(&mut self, hir: &Hir, repeated: u64) -> Result<(), String> {
        self.written.push_str("(?:");
        self.hir(hir, repeated)?;
        self.written.push(')');
        Ok(())
    }

    fn repetition(&mut self, repetition: &Repetition, repeated: u64) -> Result<(), String> {
        let Repetition { min, max, sub, .. } = repetition;
        let repeated = repeated.saturating_mul(u64::from(max.unwrap_or(*min)).max(1));
        if self.syntax == RegexSyntax::Re2 && repeated > MAX_REPETITIONS {
            return Err(format!("it repeats a part {repeated} times, and at most {MAX_REPETITIONS} are possible"));
        }
        match sub.kind() {
            HirKind::Class(_) => self.hir(sub, repeated)?,
            _ => self.group(sub, repeated)?,
        }
        let times = match (min, max) {
            (0, None) => "*".to_owned(),
            (1, None) => "+".to_owned(),
            (0, Some(1)) => "?".to_owned(),
            (min, None) => format!("{{{min},}}"),
            (min, Some(max)) if min == max => format!("{{{min}}}"),
            (min, Some(max)) => format!("{{{min},{max}}}"),
        };
        self.written.push_str(&times);
        Ok(())
    }

    fn look(&mut self, look: Look) -> Result<(), String> {
        let is_java = self.syntax == RegexSyntax::Java;
        let written = match look {
            Look::Start => r"\A",
            Look::End => r"\z",
            Look::StartLF => {
                if is_java {
                    "(?md:^)"
                } else {
                    "(?m:^)"
                }
            }
            Look::EndLF => {
                if is_java {
                    "(?md:$)"
                } else {
                    "(?m:$)"
                }
            }
            // Of letters beyond ASCII, engines differ: a documented difference.
            Look::WordAscii | Look::WordUnicode => r"\b",
            Look::WordAsciiNegate | Look::WordUnicodeNegate => r"\B",
            Look::StartCRLF | Look::EndCRLF => return Err("(?R) has no equivalent; write \\r?\\n".to_owned()),
            _ => return Err(r"\b{...} has no equivalent; write \b".to_owned()),
        };
        self.written.push_str(written);
        Ok(())
    }

    fn character(&mut self, character: char) {
        match character {
            c if c.is_alphanumeric()
                || matches!(c, ' ' | '_' | '/' | ':' | ',' | '=' | '@' | '"' | '\'' | '<' | '>' | '%' | ';' | '!') =>
            {
                self.written.push(c);
            }
            c if c.is_ascii_punctuation() => self.written.extend(['\\', c]),
            c => {
                let _ = write!(self.written, "\\x{{{:x}}}", u32::from(c));
            }
        }
    }
}

/// Returns a class of characters; `None` if it has bytes that are not text.
fn unicode(class: &Class) -> Option<ClassUnicode> {
    match class {
        Class::Unicode(class) => Some(class.clone()),
        Class::Bytes(class) => class.to_unicode_class(),
    }
}

fn class_of(hir: &Hir) -> Option<ClassUnicode> {
    match hir.kind() {
        HirKind::Class(class) => unicode(class),
        _ => None,
    }
}

/// Returns a class, written as what it has or as what it has not, whichever is shorter.
fn class_text(class: &ClassUnicode) -> String {
    let mut others = class.clone();
    others.negate();
    if others.ranges().is_empty() {
        return r"[\s\S]".to_owned();
    }
    if class.ranges().is_empty() {
        return r"[^\s\S]".to_owned();
    }
    let (members, others) = (members(class), members(&others));
    if members.len() <= others.len() { format!("[{members}]") } else { format!("[^{others}]") }
}

/// Returns the members of a class: sets that it contains, then ranges.
fn members(class: &ClassUnicode) -> String {
    let mut written = String::new();
    let mut rest = class.clone();
    for (name, set) in SETS.iter() {
        if rest.ranges().len() <= MAX_RANGES {
            break;
        }
        let mut missing = set.clone();
        missing.difference(class);
        let mut without = rest.clone();
        without.difference(set);
        if missing.ranges().is_empty() && without.ranges().len() + MAX_RANGES < rest.ranges().len() {
            written.push_str(name);
            rest = without;
        }
    }
    for range in rest.ranges() {
        written.push_str(&member(range.start()));
        if range.start() != range.end() {
            written.push('-');
            written.push_str(&member(range.end()));
        }
    }
    written
}

fn member(character: char) -> String {
    if character.is_ascii_alphanumeric() { character.to_string() } else { format!("\\x{{{:x}}}", u32::from(character)) }
}

#[cfg(test)]
mod tests {
    use super::{class_of, rewrite};
    use crate::sql::translate::dialect::RegexSyntax;

    fn re2(pattern: &str) -> String {
        rewrite(pattern, RegexSyntax::Re2).unwrap()
    }

    #[test]
    fn patterns_say_in_full_what_they_mean() {
        for (pattern, written) in [
            ("a.c", r"a[^\x{a}]c"),
            ("(?s)a.c", r"a[\s\S]c"),
            ("^us-(east|west)-\\d$", r"\Aus\-(?:east|west)\-[\p{Nd}]\z"),
            ("(?i)kali", r"[Kk\x{212a}][Aa][Ll][Ii]"),
            ("(?m)^a$", "(?m:^)a(?m:$)"),
            ("(?P<n>ab)+?", "(?:(?:ab))+"),
            ("[a-z&&[^b]]{2,3}", "[ac-z]{2,3}"),
            ("(?x) a b # c", "ab"),
            (r"\bé\{", r"\bé\{"),
            ("", ""),
        ] {
            assert_eq!(re2(pattern), written, "{pattern}");
        }
        assert_eq!(rewrite("(?m)^a", RegexSyntax::Java).unwrap(), "(?md:^)a");
    }

    #[test]
    fn large_classes_are_short_and_mean_the_same() {
        for pattern in [r"\w", r"[\w.-]", r"\W", r"[^\w\s]", r"\p{L}", r"\PL", r"[\p{Lu}x]", r"\S", r"\D", r"\p{Greek}"]
        {
            let written = re2(pattern);
            assert!(written.len() < 900, "{pattern}: {written}");
            let class = |text: &str| class_of(&regex_syntax::parse(text).unwrap()).unwrap();
            assert_eq!(class(&written), class(pattern), "{pattern}: {written}");
        }
    }

    #[test]
    fn what_has_no_equivalent_is_refused_with_the_reason() {
        for (pattern, reason) in [
            ("(?mR)a$", "(?R) has no equivalent"),
            (r"\b{start}a", r"write \b"),
            ("(?:ab{500}){3}", "it repeats a part 1500 times"),
        ] {
            let error = rewrite(pattern, RegexSyntax::Re2).unwrap_err();
            assert!(error.contains(reason), "{pattern}: {error}");
        }
        assert!(rewrite("(?:ab{500}){3}", RegexSyntax::Java).is_ok());
    }
}
