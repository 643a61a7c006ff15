//! Explains an empty answer: the term that removed the last events, near values and gaps of the case. States only what
//! was checked, and takes a fraction of a second on any case.

pub(crate) mod advice;
pub(crate) mod coverage;
pub(crate) mod gaps;
mod paths;
mod terms;
mod values;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::engine::core::{Engine, MAX_FREE_SCAN_GROUPS, PreparedLookup};
use crate::engine::deadline;
use crate::engine::explain::{self, interval, period};
use crate::engine::no_match::advice::Advice;
use crate::engine::no_match::terms::{Asked, StagePath};
use crate::engine::suppress::Suppressed;
use crate::engine::time_limits::{SOON, TimeLimits};
use crate::fields::Field;
use crate::number;
use crate::query::ast::ExpressionKind;
use crate::query::{self, Environment as _, ResolvedLookup, TimeRest};
use crate::rows;
use crate::sql::{self, CountSource, Statement};
use crate::store::{Case, QueryError};

/// Maximum number of values of a term that are explained.
const MAX_VALUES: usize = 3;

/// Explains why a lookup without noise rules has an empty answer. `suppressed`: what the noise rules left out of it.
/// `is_habit`: it looks like a line of another shell, whose words are not near to anything.
pub(crate) fn explain<'e>(
    engine: &'e Engine,
    prepared: &PreparedLookup,
    suppressed: Option<&Suppressed>,
    is_habit: bool,
) -> Result<Advice<'e>, QueryError> {
    let mut advice = Advice::new(engine);
    let case = engine.case();
    let limits = TimeLimits::for_case(case);
    let rests = query::time_rests(&prepared.tree, engine.now());
    for rest in &rests {
        advice.note(&rest_of_time(rest));
        advice.suggest(rest.corrected.clone());
    }
    let without_rules = match suppressed {
        Some(_) => matches(&advice, case, &prepared.lookup, limits.term)?,
        None => Some(false),
    };
    if CountSource::events(case) == 0 {
        advice.note("the case holds no events");
    } else if without_rules == Some(true) {
        // The number of events that the rules suppress has been reported.
    } else if let (Some(suppressed), None) = (suppressed, without_rules) {
        advice.note(&format!("the noise rules {} are on: what they match was left out", suppressed.names()));
    } else if let Some(blame) = blame(&advice, case, &prepared.lookup, limits)? {
        let about_rest = rests.iter().any(|rest| rest.typed.split_whitespace().any(|word| word == blame.text));
        if !about_rest {
            Hints::new(engine, prepared, limits).report(&mut advice, &blame, is_habit)?;
        }
    }
    for gap in gaps::of_lookup(case, prepared)? {
        advice.note(&gap);
    }
    if CountSource::events(case) > 0
        && let Some(not_seen) = coverage::of_lookup(case, &prepared.lookup)?
    {
        advice.note(&not_seen);
    }
    if let Some(period) = period(case) {
        advice.note(&format!("the case covers {period}"));
    }
    Ok(advice)
}

/// Explains the columns of an answer without any value, of which `is_empty` knows the names: a path at which no record
/// has a value.
pub(crate) fn explain_columns<'e>(
    engine: &'e Engine,
    prepared: &PreparedLookup,
    is_empty: impl Fn(&str) -> bool,
) -> Result<Advice<'e>, QueryError> {
    let mut advice = Advice::new(engine);
    for StagePath { column, path, name } in terms::stage_paths(&prepared.tree, &prepared.lookup.stages) {
        if is_empty(&column) {
            Hints::new(engine, prepared, TimeLimits::for_case(engine.case())).path(&mut advice, &path, name)?;
        }
    }
    Ok(advice)
}

/// Describes bare terms that look like the rest of a time.
fn rest_of_time(rest: &TimeRest) -> String {
    let write = match &rest.term {
        Some(term) => format!("write {term}"),
        None => "put a time with a blank in quotes: since=\"2021-07-29 13:00\"".to_owned(),
    };
    format!("`{}` looks like the rest of a time: {write}", rest.typed)
}

/// The term that removed the last events.
struct Blame {
    /// The index among the terms.
    index: usize,
    text: String,
    /// The number of events that the terms before it match; `None` if they were not counted.
    before: Option<u64>,
    /// True if it is known that the terms before it match events.
    alone: bool,
}

/// Finds the term that removed the last events.
fn blame(
    advice: &Advice<'_>,
    case: &Case,
    lookup: &ResolvedLookup,
    limits: TimeLimits,
) -> Result<Option<Blame>, QueryError> {
    let terms = lookup.terms();
    let until = Instant::now() + limits.blame;
    let mut alone = true;
    for kept in 1..=terms.len() {
        // All terms together are known to match nothing; finding out again may cost a scan.
        if kept < terms.len() {
            let left = limits.term.min(until.saturating_duration_since(Instant::now()));
            match matches(advice, case, &lookup.with_terms(kept), left)? {
                Some(true) => {
                    alone = true;
                    continue;
                }
                Some(false) => {}
                None => {
                    alone = false;
                    continue;
                }
            }
        }
        let before = match kept {
            1 => None,
            kept => count(advice, case, &lookup.with_terms(kept - 1), limits.term)?,
        };
        return Ok(Some(Blame { index: kept - 1, text: terms[kept - 1].text.to_owned(), before, alone }));
    }
    Ok(None)
}

/// Reports whether a lookup matches an event; `None` where that would take longer.
fn matches(
    advice: &Advice<'_>,
    case: &Case,
    lookup: &ResolvedLookup,
    limit: Duration,
) -> Result<Option<bool>, QueryError> {
    let statement = sql::emit_ids(lookup, case, Some(1));
    Ok(first(advice, case, &statement, limit)?.map(|found| found.is_some()))
}

/// Returns the number of events that match, if counting is quick.
fn count(
    advice: &Advice<'_>,
    case: &Case,
    lookup: &ResolvedLookup,
    limit: Duration,
) -> Result<Option<u64>, QueryError> {
    let statement = sql::emit_count(lookup, case);
    if let (Some(estimate), true) = (statement.estimate, statement.exact) {
        return Ok(Some(estimate));
    }
    let counted = first(advice, case, &statement, limit)?.flatten();
    Ok(counted.and_then(|number| u64::try_from(number).ok()))
}

/// Returns the first cell of an answer, if it is a whole number; `None` if the answer takes longer than `limit`.
fn first(
    advice: &Advice<'_>,
    case: &Case,
    statement: &Statement,
    limit: Duration,
) -> Result<Option<Option<i64>>, QueryError> {
    advice.engine.check_interrupted()?;
    // A scan of few groups of records is quick on any machine.
    let limit = match statement.scan {
        Some(scan) if scan.groups <= MAX_FREE_SCAN_GROUPS => SOON,
        _ => limit,
    };
    let mut in_time = false;
    let number = rows::scalar(|sink| {
        in_time = deadline::ask(case, statement, limit, sink)?;
        Ok::<_, QueryError>(())
    })?;
    advice.engine.check_interrupted()?;
    Ok(in_time.then_some(number))
}

/// Finds values near those of a term.
struct Hints<'a> {
    engine: &'a Engine,
    case: &'a Case,
    asked: &'a PreparedLookup,
    limits: TimeLimits,
    /// The end of the time for finding them.
    until: Instant,
    /// The values that were read, by the field's name.
    values: RefCell<HashMap<&'static str, Rc<[String]>>>,
}

impl<'a> Hints<'a> {
    fn new(engine: &'a Engine, asked: &'a PreparedLookup, limits: TimeLimits) -> Hints<'a> {
        let until = Instant::now() + limits.hints;
        Hints { engine, case: engine.case(), asked, limits, until, values: RefCell::default() }
    }

    /// Returns the values of a field that are found in time.
    fn values_of(&self, field: &Field) -> Rc<[String]> {
        if let Some(known) = self.values.borrow().get(field.name) {
            return Rc::clone(known);
        }
        let until = self.until.min(Instant::now() + self.limits.walk);
        let values: Rc<[String]> = self.case.values_to_compare(field, until).into();
        self.values.borrow_mut().insert(field.name, Rc::clone(&values));
        values
    }

    /// Notes the term that removed the last events, and near values. Words of another shell have no near values.
    fn report(&self, advice: &mut Advice<'_>, blame: &Blame, is_habit: bool) -> Result<(), QueryError> {
        let terms = self.asked.lookup.terms();
        let Some(term) = terms.get(blame.index) else { return Ok(()) };
        let leaves = terms::leaves(&self.asked.tree, term.span);
        let mut sentence = self.sentence(blame, &leaves);
        let mut within_records = None;
        if let [Asked::Bare { value, span }] = leaves.as_slice()
            && *span == term.span
        {
            let (end, lookup) = self.within_records(advice, value, *span)?;
            sentence.push_str(&end);
            within_records = lookup;
        }
        advice.note(&sentence);
        for leaf in leaves.iter().take(if is_habit { 0 } else { MAX_VALUES }) {
            match leaf {
                Asked::Bare { value, span } => self.bare(advice, value, *span)?,
                Asked::Field { field, value, span } => self.field(advice, field, value, *span)?,
                Asked::Pattern { field } => self.pattern(advice, field),
                Asked::Path { path, name } => self.path(advice, path, *name)?,
                Asked::PathRegex { path, name, pattern, term } => {
                    if !self.whole_object(advice, *name, pattern, *term)? {
                        self.path(advice, path, *name)?;
                    }
                }
                Asked::Text { value } => self.text(advice, value)?,
            }
        }
        advice.suggest(within_records);
        Ok(())
    }

    /// Describes the effect of the term that removed the last events.
    fn sentence(&self, blame: &Blame, leaves: &[Asked]) -> String {
        let text = explain::abridged(&blame.text);
        if blame.index > 0 {
            if !blame.alone {
                return format!("`{text}` and the terms before it match no event together");
            }
            let before = match blame.before {
                Some(1) => "the one event".to_owned(),
                Some(before) => format!("the {} events", number::count(before)),
                None => "the events".to_owned(),
            };
            return format!("`{text}` leaves none of {before} that the terms before it match");
        }
        let first = self.asked.lookup.with_terms(1);
        if let Some(bounds) = first.interval() {
            return format!("no event is in this period ({})", interval(Some(bounds)));
        }
        match (leaves, self.kind_of_first()) {
            ([Asked::Bare { value, .. }], Some(ExpressionKind::Bare(values))) if values.len() == 1 => {
                format!("no event has exactly `{value}` in an indexed field")
            }
            (_, Some(ExpressionKind::Bare(_))) => format!("no event has `{text}` in an indexed field"),
            ([Asked::Text { .. }], _) => format!("no record contains the text of `{text}`"),
            (_, Some(ExpressionKind::Compare(comparison))) if comparison.operator == query::ast::Operator::Equal => {
                format!("no event has `{text}`")
            }
            _ => format!("no event matches `{text}`"),
        }
    }

    /// Returns the kind of the first term of the filter.
    fn kind_of_first(&self) -> Option<&ExpressionKind> {
        let filter = self.asked.tree.filter.as_ref()?;
        match &filter.kind {
            ExpressionKind::All(parts) => parts.first().map(|part| &part.kind),
            kind => Some(kind),
        }
    }

    /// Returns the number of events that a lookup matches, if counting is quick.
    fn count(&self, advice: &Advice<'_>, text: &str) -> Result<Option<u64>, QueryError> {
        // A text composed here may be an invalid lookup if the field does not accept the value.
        let Ok(prepared) = self.engine.prepare_filled(text) else { return Ok(None) };
        let limit = self.until.saturating_duration_since(Instant::now()).min(self.limits.term);
        count(advice, self.case, &prepared.lookup.without_stages(), limit)
    }

    /// Returns the lookup with the text at a span replaced.
    fn replaced(&self, span: crate::diagnostic::Span, by: &str) -> Option<String> {
        let text = &self.asked.tree.text;
        Some(format!("{}{by}{}", text.get(..span.start)?, text.get(span.end..)?))
    }

    /// Reports whether there is time left.
    fn has_time(&self) -> bool {
        Instant::now() < self.until
    }
}
