//! Values of rules: their wildcards and escapes, and how lookups write them.

/// A piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// `*`: any text.
    Any,
    /// `?`: one character.
    One,
}

/// A text with wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pattern(pub(crate) Vec<Piece>);

impl Pattern {
    /// Parses a value. A backslash makes a wildcard or another backslash literal, and is itself otherwise.
    pub(crate) fn parse(text: &str) -> Pattern {
        let mut pattern = Pattern::default();
        let mut characters = text.chars().peekable();
        while let Some(next) = characters.next() {
            match next {
                '*' => pattern.any(),
                '?' => pattern.0.push(Piece::One),
                '\\' => pattern.push(characters.next_if(|c| matches!(c, '*' | '?' | '\\')).unwrap_or('\\')),
                other => pattern.push(other),
            }
        }
        pattern
    }

    fn push(&mut self, next: char) {
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.push(next),
            _ => self.0.push(Piece::Text(next.to_string())),
        }
    }

    fn any(&mut self) {
        if self.0.last() != Some(&Piece::Any) {
            self.0.push(Piece::Any);
        }
    }

    /// Returns the pattern with any text before it.
    #[must_use]
    pub(crate) fn with_any_before(mut self) -> Pattern {
        if self.0.first() != Some(&Piece::Any) {
            self.0.insert(0, Piece::Any);
        }
        self
    }

    /// Returns the pattern with any text after it.
    #[must_use]
    pub(crate) fn with_any_after(mut self) -> Pattern {
        self.any();
        self
    }

    /// Reports whether a wildcard stands for one character.
    pub(crate) fn has_single(&self) -> bool {
        self.0.contains(&Piece::One)
    }

    /// Reports whether the text is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reports whether a literal piece has this character.
    pub(crate) fn has(&self, wanted: char) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(wanted)))
    }

    /// Returns the value if it has no wildcard.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns the value as lookups write it, in quotes. `?` has no such form.
    pub(crate) fn written(&self) -> String {
        let mut written = String::from("\"");
        for piece in &self.0 {
            match piece {
                Piece::Any | Piece::One => written.push('*'),
                Piece::Text(text) => {
                    for next in text.chars() {
                        if matches!(next, '"' | '\\' | '*') {
                            written.push('\\');
                        }
                        written.push(next);
                    }
                }
            }
        }
        written.push('"');
        written
    }

    /// Returns the value as a regular expression, without anchors.
    pub(crate) fn regex(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Any => ".*".to_owned(),
            Piece::One => ".".to_owned(),
            Piece::Text(text) => regex::escape(text),
        };
        self.0.iter().map(piece).collect()
    }
}

/// Returns a literal text as lookups write it, in quotes.
pub(crate) fn literal(text: &str) -> String {
    Pattern(vec![Piece::Text(text.to_owned())]).written()
}

/// Returns a regular expression as lookups write it, in quotes. Its own escapes stay; that of a quote is the lookup's.
pub(crate) fn regex_written(pattern: &str) -> String {
    let mut written = String::from("\"");
    let mut characters = pattern.chars();
    while let Some(next) = characters.next() {
        match next {
            '"' => written.push_str("\\\""),
            '\\' => match characters.next() {
                Some('"') => written.push_str("\\\""),
                Some(escaped) => written.extend(['\\', escaped]),
                None => written.push('\\'),
            },
            other => written.push(other),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Piece, literal, regex_written};
    use crate::query;
    use crate::query::ast::ExpressionKind;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn escapes_are_those_of_the_specification() {
        for (value, expected) in [
            ("a*b?", vec![text("a"), Piece::Any, text("b"), Piece::One]),
            (r"a\b", vec![text(r"a\b")]),
            (r"a\\b", vec![text(r"a\b")]),
            (r"a\*", vec![text("a*")]),
            (r"a\?", vec![text("a?")]),
            (r"a\\*", vec![text(r"a\"), Piece::Any]),
            (r"a\\\*", vec![text(r"a\*")]),
            (r"a\\\\", vec![text(r"a\\")]),
            (r"a\\\b", vec![text(r"a\\b")]),
            ("**", vec![Piece::Any]),
            ("", vec![]),
        ] {
            assert_eq!(Pattern::parse(value).0, expected, "{value}");
        }
        assert_eq!(Pattern::parse("a").with_any_before().with_any_after().written(), "\"*a*\"");
        assert_eq!(Pattern::parse("a.b?").regex(), r"a\.b.");
    }

    #[test]
    fn values_and_expressions_are_read_back_as_they_are_meant() {
        let read = |written: &str, operator: &str| {
            let tree = query::parse(&format!("user{operator}{written}")).expect(written);
            match tree.filter.unwrap().kind {
                ExpressionKind::Compare(comparison) => comparison.values[0].clone(),
                other => panic!("{other:?}"),
            }
        };
        for value in ["a b", "a\"b", r"a\b", r"a\", "a,b|c)", "@x", "a\nb", "'x'", "${k}"] {
            assert_eq!(read(&literal(value), "=~").literal().as_deref(), Some(value));
        }
        assert_eq!(read(&Pattern::parse(r"a\**").written(), "=~").text(), "a**");
        for pattern in ["a b", r"\d+\.", r#"say "x""#, r#"a\\"b"#, "[a,b]|c"] {
            let expected = pattern.replace(r#"\""#, "\"");
            let wanted = if pattern.contains(r#"\\""#) { pattern } else { &expected };
            assert_eq!(read(&regex_written(pattern), "~").text(), wanted, "{pattern}");
        }
    }
}
