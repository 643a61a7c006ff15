//! Text to tree. The grammar, from loosest to tightest:
//!
//! ```text
//! lookup   := [any] { "|" stage }
//! any      := all { "or" all }
//! all      := one { ["and"] one }
//! one      := "not" one | "(" any ")" | term
//! term     := NAME OPERATOR value { "," value } | NAME "==" NAME | value { "," value }
//! ```

mod foreign_syntax;
mod stages;
#[cfg(test)]
mod tests;

use crate::diagnostic::{Diagnostic, Span};
use crate::query::ast::{Comparison, Expression, ExpressionKind, LookupAst, Name, Operator, Part, Value};
use crate::query::lex::Cursor;

/// The message about an answer that a program shall take, which is not part of a lookup.
pub(super) const PIPED: &str = "an answer is piped to a program at the prompt only";
/// The deepest nesting of parentheses and `not`.
const MAX_DEPTH: usize = 100;

/// Reads a lookup. Spans are byte offsets in `text`.
pub fn parse(text: &str) -> Result<LookupAst, Diagnostic> {
    let mut parser = Parser { cursor: Cursor::new(text), depth: 0 };
    parser.lookup().map_err(|diagnostic| diagnostic.in_source(text))
}

/// The state of a parse.
struct Parser<'a> {
    cursor: Cursor<'a>,
    depth: usize,
}

/// The connectives between two terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyword {
    And,
    Or,
    Not,
}

impl Parser<'_> {
    fn lookup(&mut self) -> Result<LookupAst, Diagnostic> {
        let text = self.cursor.rest();
        foreign_syntax::refuse_statement(text)?;
        self.cursor.skip_blanks();
        let filter = match self.cursor.peek() {
            None | Some('|') => None,
            Some(_) => Some(self.any()?),
        };
        let mut stages = Vec::new();
        loop {
            self.cursor.skip_blanks();
            let here = self.cursor.here();
            match self.cursor.peek() {
                None => break,
                Some('|') => {
                    stages.push(self.stage()?);
                    stages.extend(self.trailing_having()?);
                }
                Some(')') => {
                    return Err(Diagnostic::at(here, "unmatched closing parenthesis")
                        .hint("a value that contains ) goes in quotes"));
                }
                Some(_) => return Err(Diagnostic::at(here, "expected a term or a stage")),
            }
        }
        Ok(LookupAst { text: text.to_owned(), filter, stages })
    }

    /// Alternatives joined by `or`.
    fn any(&mut self) -> Result<Expression, Diagnostic> {
        let mut branches = vec![self.all()?];
        while self.keyword() == Some(Keyword::Or) {
            let span = self.take_keyword();
            if self.at_end_of_group() {
                return Err(Diagnostic::at(span, "`or` has no term after it"));
            }
            branches.push(self.all()?);
        }
        Ok(joined(branches, ExpressionKind::Any))
    }

    /// Terms side by side.
    fn all(&mut self) -> Result<Expression, Diagnostic> {
        let mut terms = vec![self.one()?];
        loop {
            self.cursor.skip_blanks();
            match self.keyword() {
                Some(Keyword::Or) => break,
                Some(Keyword::And) => {
                    let span = self.take_keyword();
                    if self.at_end_of_group() || self.keyword() == Some(Keyword::Or) {
                        return Err(Diagnostic::at(span, "`and` has no term after it"));
                    }
                }
                _ if self.at_end_of_group() => break,
                _ => {}
            }
            terms.push(self.one()?);
        }
        Ok(joined(terms, ExpressionKind::All))
    }

    /// A term, a group, or the complement of one.
    fn one(&mut self) -> Result<Expression, Diagnostic> {
        self.cursor.skip_blanks();
        let start = self.cursor.at();
        if let Some(keyword) = self.keyword() {
            let span = self.take_keyword();
            if keyword != Keyword::Not {
                let word = if keyword == Keyword::Or { "or" } else { "and" };
                return Err(Diagnostic::at(span, format!("`{word}` has no term before it"))
                    .hint(format!("a value that is this word goes in quotes: \"{word}\"")));
            }
            if self.at_end_of_group() {
                return Err(Diagnostic::at(span, "`not` has no term after it"));
            }
            let inner = self.deeper(span, Parser::one)?;
            let span = self.cursor.span_from(start);
            return Ok(Expression { span, kind: ExpressionKind::Not(Box::new(inner)) });
        }
        if self.cursor.peek() == Some('(') {
            return self.group();
        }
        self.term()
    }

    fn group(&mut self) -> Result<Expression, Diagnostic> {
        let open = self.cursor.here();
        self.cursor.bump();
        self.cursor.skip_blanks();
        if self.cursor.peek() == Some(')') {
            return Err(Diagnostic::at(open.to(self.cursor.here()), "these parentheses are empty"));
        }
        if self.cursor.peek().is_none() {
            return Err(unclosed(open));
        }
        let mut inner = self.deeper(open, Parser::any)?;
        self.cursor.skip_blanks();
        if !self.cursor.eat(")") {
            return Err(unclosed(open));
        }
        inner.span = self.cursor.span_from(open.start);
        Ok(inner)
    }

    /// Reads something one level further in.
    fn deeper<T>(
        &mut self,
        span: Span,
        read: impl FnOnce(&mut Self) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        if self.depth == MAX_DEPTH {
            return Err(Diagnostic::at(span, format!("this is nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let inner = read(self);
        self.depth -= 1;
        inner
    }

    fn term(&mut self) -> Result<Expression, Diagnostic> {
        let start = self.cursor.at();
        foreign_syntax::refuse_symbol(&self.cursor)?;
        if self.cursor.peek() == Some(',') {
            return Err(empty_item(self.cursor.here()));
        }
        if !matches!(self.cursor.peek(), Some('"' | '\'' | '@'))
            && let Some(kind) = self.comparison()?
        {
            return Ok(Expression { span: self.cursor.span_from(start), kind });
        }
        let first = self.cursor.value()?;
        foreign_syntax::refuse_bare(&self.cursor, &first)?;
        let values = self.list(first)?;
        Ok(Expression { span: self.list_span(start, &values), kind: ExpressionKind::Bare(values) })
    }

    /// `NAME OPERATOR VALUES` or `NAME == NAME`; nothing is taken where no operator follows.
    fn comparison(&mut self) -> Result<Option<ExpressionKind>, Diagnostic> {
        let before = self.cursor.clone();
        let name = self.cursor.name()?;
        self.cursor.skip_blanks();
        let operator = self.cursor.operator()?;
        let (Some(name), Some((operator, operator_span))) = (name.clone(), operator) else {
            if let Some((operator, span)) = operator {
                return Err(Diagnostic::at(span, format!("`{}` has no field before it", operator.text())));
            }
            self.cursor = before;
            return Ok(None);
        };
        let blanks = self.cursor.skip_blanks();
        self.refuse_missing_value(&name, operator_span, blanks)?;
        if operator == Operator::SameAs {
            let other = self.cursor.name()?.filter(|other| other.segments.iter().any(|segment| !segment.is_empty()));
            let missing = || {
                Diagnostic::at(operator_span, "`==` has no field after it")
                    .hint("write FIELD=VALUE for equality, and FIELD==FIELD to compare two fields")
            };
            return Ok(Some(ExpressionKind::Same(name, other.ok_or_else(missing)?, operator_span)));
        }
        let values = if operator == Operator::Matches {
            vec![self.cursor.regex()?]
        } else {
            let first = self.cursor.value()?;
            self.list(first)?
        };
        let comparison = Comparison { name, operator, operator_span, values };
        Ok(Some(ExpressionKind::Compare(self.attribute_pair(comparison)?)))
    }

    /// `user=` with nothing after it, or with the next term after it.
    fn refuse_missing_value(&self, name: &Name, operator: Span, blanks: bool) -> Result<(), Diagnostic> {
        let nothing = matches!(self.cursor.peek(), None | Some('|' | ')'))
            || (blanks && (self.keyword().is_some() || self.at_comparison()));
        if self.cursor.peek() == Some(',') {
            return Err(empty_item(self.cursor.here()));
        }
        if nothing {
            let name = name.text();
            return Err(Diagnostic::at(operator, format!("`{name}` has no value"))
                .hint(format!("write {name}=VALUE, {name}=* for any value, or {name}=\"\" for an empty one")));
        }
        Ok(())
    }

    /// Reports whether a known name and an operator come next: the next term rather than a value.
    fn at_comparison(&self) -> bool {
        let mut ahead = self.cursor.clone();
        let Ok(Some(name)) = ahead.name() else { return false };
        foreign_syntax::is_known_name(&name) && matches!(ahead.operator(), Ok(Some(_)))
    }

    /// The rest of a list of which the first value has been read.
    fn list(&mut self, first: Value) -> Result<Vec<Value>, Diagnostic> {
        let mut values = vec![first];
        loop {
            let mut ahead = self.cursor.clone();
            ahead.skip_blanks();
            let comma = ahead.here();
            if !ahead.eat(",") {
                return Ok(values);
            }
            let blanks = ahead.skip_blanks();
            self.cursor = ahead;
            let missing = matches!(self.cursor.peek(), None | Some(',' | '|' | ')'))
                || (blanks && (self.keyword().is_some() || self.at_comparison()));
            if missing {
                return Err(empty_item(comma));
            }
            values.push(self.cursor.value()?);
        }
    }

    fn list_span(&self, start: usize, values: &[Value]) -> Span {
        values.last().map_or_else(|| self.cursor.span_from(start), |last| Span::new(start, last.span.end))
    }

    /// `AttributeKey=EventName,AttributeValue=X` of `aws cloudtrail lookup-events` is `EventName=X`.
    fn attribute_pair(&mut self, comparison: Comparison) -> Result<Comparison, Diagnostic> {
        let name = crate::fields::fold(&comparison.name.text());
        if name != "attributekey" || comparison.operator != Operator::Equal {
            return Ok(comparison);
        }
        let missing = || {
            Diagnostic::at(comparison.name.span, "AttributeKey needs an AttributeValue")
                .hint("write FIELD=VALUE, or AttributeKey=EventName,AttributeValue=VALUE")
        };
        let mut values = comparison.values.clone();
        if values.len() == 1 {
            self.cursor.skip_blanks();
            values.push(self.cursor.value()?);
        }
        let [key, value] = values.as_mut_slice() else { return Err(missing()) };
        let Some(Part::Text(first)) = value.parts.first_mut() else { return Err(missing()) };
        let Some((attribute, text)) = first.split_once('=') else { return Err(missing()) };
        if crate::fields::fold(attribute) != "attributevalue" {
            return Err(missing());
        }
        *first = text.to_owned();
        if first.is_empty() && value.parts.len() > 1 {
            value.parts.remove(0);
        }
        let name = Name { span: key.span, segments: vec![key.text()] };
        Ok(Comparison { name, values: vec![value.clone()], ..comparison.clone() })
    }

    /// Reports whether a filter or a group ends here.
    fn at_end_of_group(&self) -> bool {
        matches!(self.cursor.peek(), None | Some('|' | ')')) && !self.cursor.rest().starts_with("||")
    }

    /// Returns the keyword that comes next, if any.
    fn keyword(&self) -> Option<Keyword> {
        let span = self.cursor.word_span();
        let keyword = match self.cursor.slice(span).to_ascii_lowercase().as_str() {
            "and" => Keyword::And,
            "or" => Keyword::Or,
            "not" => Keyword::Not,
            _ => return None,
        };
        let after = self.cursor.rest()[span.end - span.start..].trim_start();
        let compared = after.starts_with(['=', '<', '>', '~']) || after.starts_with("!=");
        (!compared).then_some(keyword)
    }

    /// Takes the keyword that comes next, and the white space after it.
    fn take_keyword(&mut self) -> Span {
        let span = self.cursor.word_span();
        let word = self.cursor.slice(span);
        self.cursor.eat(word);
        self.cursor.skip_blanks();
        span
    }
}

/// Several expressions as one; one as itself.
fn joined(mut parts: Vec<Expression>, kind: fn(Vec<Expression>) -> ExpressionKind) -> Expression {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            let span = parts.iter().map(|part| part.span).reduce(Span::to).unwrap_or_default();
            Expression { span, kind: kind(parts) }
        }
    }
}

fn unclosed(open: Span) -> Diagnostic {
    Diagnostic::at(open, "unclosed parenthesis")
        .hint("write ) after the last term of the group; a value that contains ( goes in quotes")
}

fn empty_item(comma: Span) -> Diagnostic {
    Diagnostic::at(comma, "this list has an empty item").hint(
        "write a value on both sides of the comma; an empty value is \"\", and a value with a comma goes in quotes",
    )
}
