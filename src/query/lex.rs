//! Reads the pieces of a lookup: names, operators, values and regular expressions. What a character means depends on
//! its position (`|` ends a value but not a quoted one), so that the parser asks for the piece that it expects.

use crate::diagnostic::{Diagnostic, Span};
use crate::query::ast::{Name, Operator, Part, Value};

/// Quotation marks that a word processor makes of straight ones.
const CURLY_QUOTES: &[char] = &['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{00ab}', '\u{00bb}'];

/// A place in a text.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at the beginning of a text.
    pub(crate) fn new(text: &'a str) -> Cursor<'a> {
        Cursor { text, at: 0 }
    }

    /// The byte offset.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Returns the text that is not read yet.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character.
    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the next character.
    pub(crate) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Takes a text if it comes next.
    pub(crate) fn eat(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// Passes over white space; says whether there was any.
    pub(crate) fn skip_blanks(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
        self.at > start
    }

    /// From an offset up to here.
    pub(crate) fn span_from(&self, start: usize) -> Span {
        Span::new(start, self.at)
    }

    /// The next character's place; empty at the end of the text.
    pub(crate) fn here(&self) -> Span {
        Span::new(self.at, self.at + self.peek().map_or(0, char::len_utf8))
    }

    /// The text at a span.
    pub(crate) fn slice(&self, span: Span) -> &'a str {
        &self.text[span.start..span.end]
    }

    /// The place of the word that starts here: up to white space or a character that ends a name.
    pub(crate) fn word_span(&self) -> Span {
        let rest = self.rest();
        let length =
            rest.char_indices().find(|&(at, c)| ends_name(&rest[at..], c) || c == '"').map_or(rest.len(), |(at, _)| at);
        Span::new(self.at, self.at + length)
    }

    /// Reads a field's name or a path, whose segments may be quoted. `None` where no name starts.
    pub(crate) fn name(&mut self) -> Result<Option<Name>, Diagnostic> {
        let start = self.at;
        let mut segments = Vec::new();
        let mut segment = String::new();
        let mut started = false;
        while let Some(next) = self.peek() {
            if next == '"' && segment.is_empty() {
                segment = self.quoted()?.text();
            } else if ends_name(self.rest(), next) || next == '"' {
                break;
            } else if next == '.' {
                segments.push(std::mem::take(&mut segment));
                self.bump();
            } else {
                segment.push(next);
                self.bump();
            }
            started = true;
        }
        if !started {
            return Ok(None);
        }
        segments.push(segment);
        Ok(Some(Name { span: self.span_from(start), segments }))
    }

    /// Reads an operator, if one comes next, and rejects those of other languages.
    pub(crate) fn operator(&mut self) -> Result<Option<(Operator, Span)>, Diagnostic> {
        const FOREIGN: &[(&str, &str)] = &[
            ("!~", "write not FIELD~EXPRESSION"),
            ("<>", "write != for inequality"),
            ("=<", "write <="),
            ("=>", "write >="),
        ];
        const KNOWN: &[(&str, Operator)] = &[
            ("==", Operator::SameAs),
            ("=~", Operator::EqualFolded),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("=", Operator::Equal),
            ("<", Operator::Less),
            (">", Operator::Greater),
            ("~", Operator::Matches),
        ];
        for (text, hint) in FOREIGN {
            if self.rest().starts_with(text) {
                let span = Span::new(self.at, self.at + text.len());
                return Err(Diagnostic::at(span, format!("`{text}` is not an operator of lookups")).hint(*hint));
            }
        }
        let start = self.at;
        for (text, operator) in KNOWN {
            if self.eat(text) {
                return Ok(Some((*operator, self.span_from(start))));
            }
        }
        Ok(None)
    }

    /// Reads a value: up to white space or an unquoted `,` `|` or `)`. Empty where none starts.
    pub(crate) fn value(&mut self) -> Result<Value, Diagnostic> {
        let start = self.at;
        let from_file = self.eat("@");
        let mut parts = Parts::default();
        let mut after_quote = true;
        while let Some(next) = self.peek() {
            match next {
                ',' | '|' | ')' => break,
                _ if next.is_whitespace() => break,
                '"' => parts.extend(self.quoted()?.0),
                '\'' if after_quote => parts.extend(self.quoted()?.0),
                _ if after_quote && CURLY_QUOTES.contains(&next) => return Err(self.curly_quote()),
                '\\' => {
                    self.bump();
                    parts.push(self.escape());
                }
                '*' => {
                    self.bump();
                    parts.any();
                }
                _ => {
                    self.bump();
                    parts.push(next);
                }
            }
            after_quote = next == '"' || (next == '\'' && after_quote);
        }
        Ok(Value { span: self.span_from(start), parts: parts.0, from_file })
    }

    /// Reads a regular expression: one word, in which parentheses and brackets are balanced, or quoted text.
    pub(crate) fn regex(&mut self) -> Result<Value, Diagnostic> {
        let start = self.at;
        let mut text = String::new();
        let mut depth = 0_usize;
        let mut class = false;
        while let Some(next) = self.peek() {
            match next {
                _ if next.is_whitespace() => break,
                '"' => text.push_str(&self.quoted_regex()?),
                '\'' if self.at == start => text.push_str(&self.quoted_regex()?),
                ')' | '|' if depth == 0 && !class => break,
                ',' if depth == 0 && !class => return Err(self.regex_list()),
                '\\' => {
                    self.bump();
                    let escaped = self.peek().filter(|escaped| !escaped.is_whitespace());
                    if escaped != Some('"') {
                        text.push('\\');
                    }
                    text.extend(escaped);
                    self.at += escaped.map_or(0, char::len_utf8);
                }
                _ => {
                    match next {
                        '[' => class = true,
                        ']' => class = false,
                        '(' | '{' if !class => depth += 1,
                        ')' | '}' if !class => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    text.push(next);
                    self.bump();
                }
            }
        }
        Ok(Value { span: self.span_from(start), parts: vec![Part::Text(text)], from_file: false })
    }

    /// Reads quoted text up to its closing quote.
    fn quoted(&mut self) -> Result<Parts, Diagnostic> {
        let start = self.at;
        let quote = self.bump();
        let mut parts = Parts::default();
        loop {
            let next = self.bump();
            match next {
                None => return Err(self.unclosed(start)),
                _ if next == quote => break,
                Some('\\') => parts.push(self.escape()),
                Some('*') => parts.any(),
                Some(other) => parts.push(other),
            }
        }
        if parts.0.is_empty() {
            parts.0.push(Part::Text(String::new()));
        }
        Ok(parts)
    }

    /// Reads a quoted regular expression, whose escapes are its own, all but that of the quote.
    fn quoted_regex(&mut self) -> Result<String, Diagnostic> {
        let start = self.at;
        let quote = self.bump();
        let mut text = String::new();
        loop {
            let next = self.bump();
            match next {
                None => return Err(self.unclosed(start)),
                _ if next == quote => return Ok(text),
                Some('\\') => {
                    let escaped = self.bump();
                    if escaped != quote {
                        text.push('\\');
                    }
                    text.extend(escaped);
                }
                Some(other) => text.push(other),
            }
        }
    }

    /// The character that a backslash escapes, or the backslash itself where it escapes nothing.
    fn escape(&mut self) -> char {
        match self.peek() {
            Some(next @ ('*' | '"' | '\'' | '\\')) => {
                self.bump();
                next
            }
            _ => '\\',
        }
    }

    fn unclosed(&self, start: usize) -> Diagnostic {
        Diagnostic::at(Span::new(start, start + 1), "unclosed quote")
            .hint("end the value with the same quote; inside it, write the quote as \\\"")
    }

    fn curly_quote(&self) -> Diagnostic {
        Diagnostic::at(self.here(), "this is a typographic quotation mark").hint("write straight quotes: \"a value\"")
    }

    fn regex_list(&self) -> Diagnostic {
        Diagnostic::at(self.here(), "a regular expression cannot be a list")
            .hint("write alternatives as ~\"a|b\", and an expression with a comma in quotes")
    }
}

/// Reports whether a name ends before this character.
fn ends_name(rest: &str, next: char) -> bool {
    next.is_whitespace()
        || matches!(next, '=' | '<' | '>' | '~' | ',' | '|' | '(' | ')')
        || (next == '!' && (rest.starts_with("!=") || rest.starts_with("!~")))
}

/// A value's parts, neighboring ones of a kind joined.
#[derive(Debug, Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn push(&mut self, next: char) {
        match self.0.last_mut() {
            Some(Part::Text(text)) => text.push(next),
            _ => self.0.push(Part::Text(next.to_string())),
        }
    }

    fn any(&mut self) {
        if self.0.last() != Some(&Part::Any) {
            self.0.push(Part::Any);
        }
    }

    fn extend(&mut self, parts: Vec<Part>) {
        for part in parts {
            match part {
                Part::Any => self.any(),
                Part::Text(text) if text.is_empty() && !self.0.is_empty() => {}
                Part::Text(text) => match self.0.last_mut() {
                    Some(Part::Text(last)) => last.push_str(&text),
                    _ => self.0.push(Part::Text(text)),
                },
            }
        }
    }

    fn text(&self) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Any => "*",
            })
            .collect()
    }
}
