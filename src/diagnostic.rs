//! A mistake in typed text, with its place and its correction. Imports nothing of trailq.

use std::fmt;

/// A half-open range of byte offsets in a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte; equals `start` for a place between two characters.
    pub end: usize,
}

impl Span {
    /// Returns the range from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// Returns the smallest range that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A mistake with its place and advice. `render::diagnostic` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The message, a sentence without a full stop.
    pub message: String,
    /// Its place in `source`, if it has one.
    pub span: Option<Span>,
    /// The text that contains the mistake.
    pub source: Option<String>,
    /// The origin of the text, unless it is the command line: `triage.trailq:12`.
    pub origin: Option<String>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// Advice on what to do or write instead.
    pub hints: Vec<String>,
    /// The correction of `span`.
    pub instead: Option<String>,
}

impl Diagnostic {
    /// Returns a mistake without a place.
    pub fn new(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            message: message.into(),
            span: None,
            source: None,
            origin: None,
            notes: Vec::new(),
            hints: Vec::new(),
            instead: None,
        }
    }

    /// Returns a mistake at a place of the text.
    pub fn at(span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { span: Some(span), ..Diagnostic::new(message) }
    }

    /// Adds a fact that explains it.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hints.push(hint.into());
        self
    }

    /// Sets the correction of the place.
    pub fn instead(mut self, text: impl Into<String>) -> Diagnostic {
        self.instead = Some(text.into());
        self
    }

    /// Returns the whole text with the mistake corrected, if a correction is known.
    pub fn corrected(&self) -> Option<String> {
        let (source, span, instead) = (self.source.as_ref()?, self.span?, self.instead.as_ref()?);
        Some(format!("{}{instead}{}", source.get(..span.start)?, source.get(span.end..)?))
    }

    /// Attaches the text that `span` points into, unless one is attached.
    pub fn in_source(mut self, source: &str) -> Diagnostic {
        self.source.get_or_insert_with(|| source.to_owned());
        self
    }

    /// Sets the origin of the text, such as `FILE:LINE`, unless it is set.
    pub fn from_origin(mut self, origin: impl Into<String>) -> Diagnostic {
        self.origin.get_or_insert_with(|| origin.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// The edits in a word, as a share of its letters, that still leave it recognizable.
const MAX_DISTANCE: f64 = 0.334;

/// Returns the names most like `word`, best first, at most three; empty if none is close enough.
///
/// Close is one edit in up to five letters, two in up to eight, and so on. Case, `-`, `_` and the dot of a command do
/// not count, and a candidate that begins with the word is close.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let fold = |text: &str| -> String {
        let text = text.strip_prefix('.').unwrap_or(text);
        text.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
    };
    let wanted = fold(word);
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let folded = fold(candidate);
            let mut score = strsim::damerau_levenshtein(&wanted, &folded) as f64
                / wanted.chars().count().max(folded.chars().count()).max(1) as f64;
            if wanted.len() >= 3 && folded.starts_with(&wanted) {
                score = score.min(0.2);
            } else if wanted.len() >= 4 && folded.contains(&wanted) {
                score = score.min(0.3);
            }
            (score <= MAX_DISTANCE).then_some((score, candidate))
        })
        .collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn nearest_names_come_best_first_and_far_ones_not_at_all() {
        let names = ["event-name", "event-source", "user", "user-agent", "region"];
        assert_eq!(nearest("evnt-name", names), ["event-name"]);
        assert_eq!(nearest("EVENT_NAME", names)[0], "event-name");
        assert_eq!(nearest("regoin", names), ["region"]);
        assert!(nearest("zebra", names).is_empty());
        assert!(nearest(".clear", [".near"]).is_empty(), "two edits make another word of a short one");
        assert_eq!(nearest(".nera", [".near", ".key"]), [".near"]);
    }
}
