//! Reads the stages of a lookup.

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::query::ast::{Name, Operator, Stage, StageKind, Value};
use crate::query::parse::{PIPED, Parser};

/// The stages.
pub(crate) const STAGES: &[&str] = &["count", "top", "timeline", "fields", "sort", "limit", "having"];

/// Names of stages in other languages, with what to write instead.
const FOREIGN: &[(&[&str], &str)] = &[
    (&["where", "filter", "search"], "terms come before the first |"),
    (&["head", "take", "first"], "write limit N"),
    (&["tail", "last"], "write sort time | limit N"),
    (&["stats", "group", "groupby", "summarize", "aggregate", "distinct", "uniq", "dedup"], "write count by FIELD"),
    (&["select", "project", "columns", "table", "keep", "display"], "write fields FIELD,..."),
    (&["order", "orderby"], "write sort FIELD"),
    (&["wc"], "write count"),
    (&["grep", "egrep", "rg"], "write text=\"...\" before the first |"),
    (&["histogram", "timechart", "bin"], "write timeline 1h"),
    (&["rare"], "write count by FIELD | sort events"),
];

impl Parser<'_> {
    /// Reads `| NAME ARGUMENTS`.
    pub(crate) fn stage(&mut self) -> Result<Stage, Diagnostic> {
        let bar = self.cursor.here();
        self.cursor.bump();
        if self.cursor.peek() == Some('|') {
            return Err(Diagnostic::at(bar.to(self.cursor.here()), "`||` is not part of a lookup").hint("write or"));
        }
        self.cursor.skip_blanks();
        if self.cursor.peek() == Some('!') {
            let here = self.cursor.at();
            let rest = Span::new(here, here + self.cursor.rest().trim_end().len());
            return Err(Diagnostic::at(rest, PIPED).hint("elsewhere the shell pipes: trailq lookup ... | PROGRAM"));
        }
        let span = self.cursor.word_span();
        let word = self.cursor.slice(span);
        if word.is_empty() {
            let stages = STAGES.join(", ");
            return Err(Diagnostic::at(bar, "missing stage after `|`").hint(format!("the stages are {stages}")));
        }
        self.cursor.eat(word);
        let folded = word.to_ascii_lowercase();
        let blanks = self.cursor.skip_blanks();
        if !blanks && !matches!(self.cursor.peek(), None | Some('|')) {
            return Err(unknown_stage(word, span));
        }
        let kind = match folded.as_str() {
            "count" => self.count()?,
            "top" => self.top(span)?,
            "timeline" => self.timeline(span)?,
            "fields" => StageKind::Fields(self.names(span, "fields")?),
            "sort" => self.sort(span)?,
            "limit" => self.limit(span)?,
            "having" => self.having(span)?,
            _ => return Err(unknown_stage(word, span)),
        };
        self.end_of_stage(&kind)?;
        Ok(Stage { span: Span::new(span.start, self.cursor.at()), kind })
    }

    /// Reads a `having` that follows the stage without a `|`.
    pub(crate) fn trailing_having(&mut self) -> Result<Option<Stage>, Diagnostic> {
        if !self.at_word("having") {
            return Ok(None);
        }
        let span = self.cursor.word_span();
        self.cursor.eat(self.cursor.slice(span));
        self.cursor.skip_blanks();
        let kind = self.having(span)?;
        self.end_of_stage(&kind)?;
        Ok(Some(Stage { span: Span::new(span.start, self.cursor.at()), kind }))
    }

    /// `COLUMN OPERATOR NUMBER,...`.
    fn having(&mut self, span: Span) -> Result<StageKind, Diagnostic> {
        let mut conditions = Vec::new();
        loop {
            let missing = || Diagnostic::at(span, "`having` has no condition after it").hint("write having events>20");
            let name = self.cursor.name()?.ok_or_else(missing)?;
            self.cursor.skip_blanks();
            let (operator, place) = self.cursor.operator()?.ok_or_else(missing)?;
            if matches!(operator, Operator::Matches | Operator::EqualFolded | Operator::SameAs) {
                let message = format!("`having` takes no `{}`", operator.text());
                return Err(Diagnostic::at(place, message).hint("its operators are = != < <= > >="));
            }
            self.cursor.skip_blanks();
            let number = self.argument()?.ok_or_else(missing)?;
            conditions.push((name, operator, whole_number(&number)?));
            self.cursor.skip_blanks();
            if !self.cursor.eat(",") {
                return Ok(StageKind::Having(conditions));
            }
            self.cursor.skip_blanks();
        }
    }

    fn count(&mut self) -> Result<StageKind, Diagnostic> {
        let span = self.cursor.word_span();
        let word = self.cursor.slice(span);
        if word.is_empty() || self.at_word("having") {
            return Ok(StageKind::Count(Vec::new()));
        }
        if !word.eq_ignore_ascii_case("by") {
            return Err(Diagnostic::at(span, "expected `by`").hint(format!("write count by {word}")));
        }
        self.cursor.eat(word);
        self.cursor.skip_blanks();
        Ok(StageKind::Count(self.names(span, "by")?))
    }

    fn top(&mut self, span: Span) -> Result<StageKind, Diagnostic> {
        let mut ahead = self.cursor.clone();
        let number = ahead.value()?;
        let is_number = number.text().starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let count = if is_number {
            self.cursor = ahead;
            self.cursor.skip_blanks();
            Some(whole_number(&number)?)
        } else {
            None
        };
        let by = self.cursor.word_span();
        if self.cursor.slice(by).eq_ignore_ascii_case("by") {
            self.cursor.eat(self.cursor.slice(by));
            self.cursor.skip_blanks();
        }
        Ok(StageKind::Top(count, self.names(span, "top")?))
    }

    fn timeline(&mut self, span: Span) -> Result<StageKind, Diagnostic> {
        let mut bucket = None;
        if !self.at_word("by") && !self.at_word("having") {
            bucket = self.argument()?;
            self.cursor.skip_blanks();
        }
        let by = self.cursor.word_span();
        if !self.at_word("by") {
            return Ok(StageKind::Timeline(bucket, Vec::new()));
        }
        self.cursor.eat(self.cursor.slice(by));
        self.cursor.skip_blanks();
        Ok(StageKind::Timeline(bucket, self.names(span, "timeline")?))
    }

    /// Reports whether this word comes next.
    fn at_word(&self, wanted: &str) -> bool {
        self.cursor.slice(self.cursor.word_span()).eq_ignore_ascii_case(wanted)
    }

    fn sort(&mut self, span: Span) -> Result<StageKind, Diagnostic> {
        let mut keys = Vec::new();
        loop {
            let name = self.one_name(span, "sort")?;
            if let Some(field) = name.segments[0].strip_prefix('-').filter(|field| !field.is_empty()) {
                return Err(Diagnostic::at(name.span, "a descending order is written after the field")
                    .hint(format!("write sort {field} desc")));
            }
            self.cursor.skip_blanks();
            let direction = self.cursor.word_span();
            let descending = match self.cursor.slice(direction).to_ascii_lowercase().as_str() {
                "desc" | "descending" => true,
                "asc" | "ascending" | "" => false,
                other => {
                    return Err(Diagnostic::at(direction, format!("`{other}` is not an order"))
                        .hint("write asc or desc; several fields are separated by commas"));
                }
            };
            self.cursor.eat(self.cursor.slice(direction));
            keys.push((name, descending));
            self.cursor.skip_blanks();
            if !self.cursor.eat(",") {
                return Ok(StageKind::Sort(keys));
            }
            self.cursor.skip_blanks();
        }
    }

    fn limit(&mut self, span: Span) -> Result<StageKind, Diagnostic> {
        match self.argument()? {
            Some(number) => Ok(StageKind::Limit(whole_number(&number)?)),
            None => Err(Diagnostic::at(span, "`limit` has no number after it").hint("write limit 100")),
        }
    }

    /// The one value that may follow a stage's name.
    fn argument(&mut self) -> Result<Option<Value>, Diagnostic> {
        match self.cursor.peek() {
            None | Some('|' | ')' | ',') => Ok(None),
            Some(_) => Ok(Some(self.cursor.value()?)),
        }
    }

    /// `F,...`.
    fn names(&mut self, after: Span, stage: &str) -> Result<Vec<Name>, Diagnostic> {
        let mut names = vec![self.one_name(after, stage)?];
        loop {
            self.cursor.skip_blanks();
            let comma = self.cursor.here();
            if !self.cursor.eat(",") {
                return Ok(names);
            }
            self.cursor.skip_blanks();
            if matches!(self.cursor.peek(), None | Some('|' | ',')) {
                return Err(crate::query::parse::empty_item(comma));
            }
            names.push(self.one_name(comma, stage)?);
        }
    }

    fn one_name(&mut self, after: Span, stage: &str) -> Result<Name, Diagnostic> {
        self.cursor.name()?.ok_or_else(|| {
            let example = match stage {
                "by" => "count by user",
                "top" => "top 10 user",
                "timeline" => "timeline 1d by region",
                "sort" => "sort time desc",
                _ => "fields time,user,event-name",
            };
            Diagnostic::at(after, format!("`{stage}` has no field after it")).hint(format!("write {example}"))
        })
    }

    /// Refuses what a stage does not take.
    fn end_of_stage(&mut self, kind: &StageKind) -> Result<(), Diagnostic> {
        self.cursor.skip_blanks();
        let counts = matches!(kind, StageKind::Count(_) | StageKind::Top(..) | StageKind::Timeline(..));
        if matches!(self.cursor.peek(), None | Some('|')) || (counts && self.at_word("having")) {
            return Ok(());
        }
        let mut span = self.cursor.word_span();
        if span.start == span.end {
            span = self.cursor.here();
        }
        let found = self.cursor.slice(span);
        let mut diagnostic = Diagnostic::at(span, format!("unexpected `{found}` after `{}`", kind.name()));
        diagnostic = match kind {
            StageKind::Top(..) if found.starts_with(|c: char| c.is_ascii_digit()) => {
                diagnostic.hint(format!("the number comes first: top {found} FIELD"))
            }
            StageKind::Timeline(_, by) if by.is_empty() => {
                diagnostic.hint("write timeline 1h, or timeline 1d by region")
            }
            StageKind::Count(_) | StageKind::Top(..) | StageKind::Timeline(..) | StageKind::Fields(_) => {
                diagnostic.hint("fields are separated by commas, and stages by |")
            }
            _ => diagnostic.hint("stages are separated by |, and terms come before the first one"),
        };
        Err(diagnostic)
    }
}

fn unknown_stage(word: &str, span: Span) -> Diagnostic {
    let folded = word.to_ascii_lowercase();
    let diagnostic = Diagnostic::at(span, format!("`{word}` is not a stage"));
    if let Some((_, hint)) = FOREIGN.iter().find(|(words, _)| words.contains(&folded.as_str())) {
        return diagnostic.hint(*hint);
    }
    match nearest(word, STAGES.iter().copied()).first() {
        Some(near) => diagnostic.hint(format!("did you mean {near}?")).instead(*near),
        None => {
            let stages = STAGES.join(", ");
            diagnostic.hint(format!("the stages are {stages}; a value that contains | goes in quotes"))
        }
    }
}

fn whole_number(value: &Value) -> Result<u64, Diagnostic> {
    let text = value.text();
    match text.parse::<u64>() {
        Ok(number) if i64::try_from(number).is_ok() => Ok(number),
        _ if text.strip_prefix('-').unwrap_or(&text).chars().all(|c| c.is_ascii_digit()) && !text.is_empty() => {
            Err(Diagnostic::at(value.span, format!("{text} is out of range"))
                .hint("write a whole number that is not negative"))
        }
        _ => Err(Diagnostic::at(value.span, format!("`{text}` is not a whole number"))),
    }
}
