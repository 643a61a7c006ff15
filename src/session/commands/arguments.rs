//! The arguments of a command by words, and the mistakes in them.

use crate::diagnostic::{Diagnostic, Span};
use crate::session::SessionError;
use crate::session::commands::command::Arguments;

impl Arguments<'_> {
    /// At most `most` words; more are a mistake.
    pub(crate) fn at_most(&self, most: usize) -> Result<(), SessionError> {
        match self.words.get(most) {
            Some((_, span)) => Err(self.mistake(*span, format!("{} takes no more arguments", self.command.name))),
            None => Ok(()),
        }
    }

    /// Exactly one word.
    pub(crate) fn one(&self) -> Result<&str, SessionError> {
        self.at_most(1)?;
        self.words.first().map(|(word, _)| word.as_str()).ok_or_else(|| self.missing())
    }

    /// Reports whether the one word is `on`; `what` begins the mistake of any other but `off`.
    pub(crate) fn switch(&self, what: &str) -> Result<bool, SessionError> {
        match self.one()? {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err(self.mistake(self.words[0].1, format!("{what} `on` or `off`"))),
        }
    }

    /// The word at a place as the number of a row.
    pub(crate) fn row(&self, at: usize) -> Result<u64, SessionError> {
        let (word, span) = self.words.get(at).ok_or_else(|| self.missing())?;
        word.parse().map_err(|_| self.mistake(*span, format!("`{word}` is not a row of the last answer")))
    }

    /// The word at a place as seconds of a span of time, if there is one.
    pub(crate) fn span(&self, at: usize, usual: i64) -> Result<i64, SessionError> {
        let Some((word, span)) = self.words.get(at) else { return Ok(usual) };
        crate::query::duration(word).ok_or_else(|| {
            let mistake = Diagnostic::at(*span, crate::query::invalid_duration(word)).in_source(self.line);
            mistake.hint("for example 10m").into()
        })
    }

    /// The words as they are.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.words.iter().map(|(word, _)| word.as_str()).collect()
    }

    /// The mistake of leaving out what has to be there.
    pub(crate) fn missing(&self) -> SessionError {
        let end = self.line.trim_end().len();
        self.mistake(Span::new(end, end), format!("{} needs {}", self.command.name, self.command.arguments))
    }

    /// Returns the offset of the text after the name.
    pub(crate) fn rest_start(&self) -> usize {
        self.line.find(self.rest).filter(|_| !self.rest.is_empty()).unwrap_or(self.line.len())
    }

    /// A mistake in the text that the line holds from an offset on, placed in the whole line, so that what is offered
    /// in its place is a line too.
    pub(crate) fn within(&self, start: usize, error: SessionError) -> SessionError {
        let SessionError::Mistake(mut mistake) = error else { return error };
        if let (None, Some(text), Some(head)) = (&mistake.origin, &mistake.source, self.line.get(..start)) {
            mistake.source = Some(format!("{head}{text}"));
            mistake.span = mistake.span.map(|span| Span::new(span.start + start, span.end + start));
        }
        SessionError::Mistake(mistake)
    }

    /// A mistake at a place of the line.
    pub(crate) fn mistake(&self, span: Span, message: String) -> SessionError {
        Diagnostic::at(span, message).in_source(self.line).into()
    }
}

/// The words of a line from an offset on. Quotes keep a word together.
pub(crate) fn words(line: &str, from: usize) -> Result<Vec<(String, Span)>, SessionError> {
    let mut words = Vec::new();
    let mut word: Option<(String, usize)> = None;
    let mut quote: Option<(char, usize)> = None;
    for (at, c) in line[from..].char_indices().map(|(at, c)| (from + at, c)) {
        match quote {
            Some((open, _)) if c == open => quote = None,
            Some(_) => word.get_or_insert((String::new(), at)).0.push(c),
            None if matches!(c, '"' | '\'') => {
                word.get_or_insert((String::new(), at));
                quote = Some((c, at));
            }
            None if c.is_whitespace() => {
                words.extend(word.take().map(|(text, start)| (text, Span::new(start, at))));
            }
            None => word.get_or_insert((String::new(), at)).0.push(c),
        }
    }
    if let Some((open, at)) = quote {
        let mistake = Diagnostic::at(Span::new(at, at + 1), format!("the quote `{open}` is not closed"));
        return Err(mistake.in_source(line).into());
    }
    words.extend(word.map(|(text, start)| (text, Span::new(start, line.len()))));
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::words;

    fn split(line: &str) -> Vec<String> {
        words(line, 5).unwrap().into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn quotes_keep_a_word_together() {
        assert_eq!(split(".read a  'b c' \"d'e\"f \"\""), ["a", "b c", "d'ef", ""]);
        assert!(words(".read 'a", 5).is_err());
        let placed = words(".once \"x y\" z", 5).unwrap();
        assert_eq!((placed[0].1.start, placed[0].1.end, placed[1].1.start), (6, 11, 12));
    }
}
