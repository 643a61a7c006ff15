//! Hints about a value that no event has: the same in another case or in another field, values that begin with it or
//! contain it, and near spellings.

use crate::diagnostic::Span;
use crate::engine::core::MAX_FREE_SCAN_GROUPS;
use crate::engine::no_match::Hints;
use crate::engine::no_match::advice::Advice;
use crate::engine::record_paths::written_path;
use crate::fields;
use crate::fields::{FIELDS, Field, Kind, Place, Values, fold};
use crate::identifier::is_identifier;
use crate::number;
use crate::query::edit::literal;
use crate::sql;
use crate::store::QueryError;
use crate::store::{ValueCount, near_values};

/// The fields that a bare value is looked for in, and that have many values.
const BARE: &[&str] = &[
    "user",
    "role",
    "session-name",
    "resource",
    "ip",
    "key",
    "event-id",
    "arn",
    "principal",
    "shared-id",
    "on-behalf-of",
];
/// Those of them whose values are names.
const NAMES: &[&str] = &["user", "role", "session-name", "resource"];
/// Fields of few values that AWS defines, and that people type without the field.
const OF_AWS: &[&str] = &["event-name", "event-source", "region", "error", "resource-type", "identity-type"];
/// Maximum number of near values that are named.
const MOST_NAMED: usize = 3;
/// A shorter beginning says too little.
const SHORTEST_PREFIX: usize = 2;
/// The number of events whose records are soon read one by one.
const FEW_EVENTS: u64 = 1_000;
/// A shorter text is inside too many records.
const SHORTEST_TEXT: usize = 3;
/// The suffix of service names.
const SERVICES: &str = ".amazonaws.com";

impl Hints<'_> {
    /// Looks for a bare value inside records. Returns the end of the sentence that no indexed field has it, and the lookup
    /// that finds it.
    pub(crate) fn within_records(
        &self,
        advice: &Advice<'_>,
        value: &str,
        span: Span,
    ) -> Result<(String, Option<String>), QueryError> {
        let term = format!("text={}", literal(value));
        let Some(lookup) = self.replaced(span, &term) else { return Ok(Default::default()) };
        Ok(match self.quick_count(advice, &lookup)? {
            Some(0) if self.is_whole_lookup(span) => ("; no event's record has it inside either".to_owned(), None),
            Some(0) => Default::default(),
            Some(records) => {
                (format!("; `{term}` finds it inside {}", number::counted(records, "record")), Some(lookup))
            }
            None => (format!("; `{term}` searches inside records"), Some(lookup)),
        })
    }

    /// Reports whether a term is all of the filter, so that what is counted in its place is counted in the whole case.
    fn is_whole_lookup(&self, span: Span) -> bool {
        self.asked.tree.filter.as_ref().is_some_and(|filter| filter.span == span)
    }

    /// Notes what is near a bare value, starting with what indexes find, since time may not suffice for the rest.
    pub(crate) fn bare(&self, advice: &mut Advice<'_>, value: &str, span: Span) -> Result<(), QueryError> {
        let fields = |names: &[&str]| names.iter().filter_map(|name| fields::find(name)).collect::<Vec<_>>();
        if self.occurs_alone(advice, &literal(value))? {
            return Ok(());
        }
        let is_field = self.name_of_field(advice, value, span);
        let exact = self.in_another_field(advice, value, span);
        let mut found = exact;
        if !exact {
            found |= self.in_another_field_and_case(advice, &fields(OF_AWS), value, span);
        }
        for field in fields(BARE) {
            found |= self.beginning(advice, field, value)?;
        }
        found |= self.in_other_case(advice, &fields(BARE), value, span);
        if !found {
            let others: Vec<&Field> = named_fields().filter(|field| !OF_AWS.contains(&field.name)).collect();
            found |= self.in_another_field_and_case(advice, &others, value, span);
        }
        if !found && !is_field {
            self.key_of_records(advice, value, span);
            self.misspelled(advice, &fields(NAMES), value, span);
        }
        Ok(())
    }

    /// Notes what is near a value of a field.
    pub(crate) fn field(
        &self,
        advice: &mut Advice<'_>,
        field: &'static Field,
        value: &str,
        span: Span,
    ) -> Result<(), QueryError> {
        if self.occurs_alone(advice, &format!("{}={}", field.name, literal(value)))?
            || matches!(field.kind, Kind::Flag | Kind::Number | Kind::Time | Kind::Word(_))
        {
            return Ok(());
        }
        let compared = match field.kind {
            Kind::Source if !value.contains('.') => format!("{value}{SERVICES}"),
            _ => value.to_owned(),
        };
        let in_other_case = self.in_other_case(advice, &[field], &compared, span);
        let mut found = in_other_case || self.misspelled(advice, &[field], &compared, span);
        found |= self.beginning(advice, field, value)?;
        match self.case.few_values(field, self.until) {
            Some(all) if !in_other_case => list(advice, field, &all),
            None if !found => self.elsewhere(advice, field, value, span)?,
            _ => {}
        }
        Ok(())
    }

    /// The values of a field that none matches a pattern, where they are few.
    pub(crate) fn pattern(&self, advice: &mut Advice<'_>, field: &Field) {
        if let Some(all) = self.case.few_values(field, self.until) {
            list(advice, field, &all);
        }
    }

    /// Says so where a term matches events without the terms before it: then nearby values do not help.
    fn occurs_alone(&self, advice: &mut Advice<'_>, term: &str) -> Result<bool, QueryError> {
        let Some(events @ 1..) = self.count(advice, term)? else { return Ok(false) };
        advice.note(&format!("`{term}` alone matches {}", number::counted(events, "event")));
        Ok(true)
    }

    /// A text that no record has: the same in another case.
    pub(crate) fn text(&self, advice: &mut Advice<'_>, value: &str) -> Result<(), QueryError> {
        let first = value.chars().next().map_or(0, char::len_utf8);
        let title = value[..first].to_uppercase() + &value[first..].to_lowercase();
        let mut variants = vec![value.to_lowercase(), value.to_uppercase(), title];
        variants.dedup();
        for variant in variants.iter().filter(|variant| *variant != value) {
            let term = format!("text={}", literal(variant));
            if let Some(records @ 1..) = self.quick_count(advice, &term)? {
                let records = number::counted(records, "record");
                advice.note(&format!("`{term}` is in {records}; texts are case-sensitive"));
            }
        }
        Ok(())
    }

    /// The value in another case.
    fn in_other_case(&self, advice: &mut Advice<'_>, fields: &[&Field], value: &str, span: Span) -> bool {
        let mut sentence = Vec::new();
        for field in fields {
            let found = self.spelled_otherwise(field, value);
            let Some(first) = found.first() else { continue };
            let named: Vec<String> = found.iter().take(MOST_NAMED).map(describe).collect();
            sentence.push(format!("`{}` has {}", field.name, named.join(", ")));
            // An identifier in another case is only reported; the user decides if it is the intended one.
            if !is_identifier(value) && !is_identifier(&first.value) {
                advice.suggest(self.replaced(span, &literal(&first.value)));
            }
        }
        if !sentence.is_empty() {
            advice.note(&format!("{}; values are case-sensitive", sentence.join(", ")));
        }
        !sentence.is_empty()
    }

    /// The values of a field that differ from one only in case. Of identifiers only the usual spellings are asked for.
    fn spelled_otherwise(&self, field: &Field, value: &str) -> Vec<ValueCount> {
        let mut found = self.case.usual_spellings(field, value, self.until);
        if found.is_empty() && (NAMES.contains(&field.name) || !BARE.contains(&field.name)) {
            let folded = value.to_lowercase();
            let values = self.values_of(field);
            found.extend(values.iter().filter(|known| *known != value && known.to_lowercase() == folded).cloned());
        }
        found.dedup();
        found.iter().filter_map(|found| self.case.exactly(field, found, self.until)).collect()
    }

    /// A bare value that fields have which are not searched without their name.
    fn in_another_field(&self, advice: &mut Advice<'_>, value: &str, span: Span) -> bool {
        let mut found = false;
        for field in named_fields() {
            let source = || {
                let source = format!("{value}{SERVICES}");
                (field.kind == Kind::Source).then(|| self.case.exactly(field, &source, self.until)).flatten()
            };
            if let Some(counted) = self.case.exactly(field, value, self.until).or_else(source) {
                self.offer_field(advice, field, &counted, span);
                found = true;
            }
        }
        found
    }

    /// The same in another case.
    fn in_another_field_and_case(&self, advice: &mut Advice<'_>, fields: &[&Field], value: &str, span: Span) -> bool {
        let mut found = false;
        for field in fields {
            if let Some(counted) = self.spelled_otherwise(field, value).first() {
                self.offer_field(advice, field, counted, span);
                found = true;
            }
        }
        found
    }

    /// Says how many events have a value of a field, and offers the term.
    fn offer_field(&self, advice: &mut Advice<'_>, field: &Field, counted: &ValueCount, span: Span) {
        let term = format!("{}={}", field.name, literal(&counted.value));
        advice.note(&format!("`{term}` matches {}", number::counted(counted.events, "event")));
        advice.suggest(self.replaced(span, &term));
    }

    /// Notes the number of events with a value of the field that begins with `value`, and reports whether there are any.
    fn beginning(&self, advice: &mut Advice<'_>, field: &Field, value: &str) -> Result<bool, QueryError> {
        let wild = format!("{}*", literal(value));
        let quoted = literal(value).starts_with('"');
        if value.len() < SHORTEST_PREFIX || quoted || value.contains('/') || !self.has_time() {
            return Ok(false);
        }
        let term = format!("{}={wild}", field.name);
        if self.case.values(field, value, 1, self.until).is_empty() {
            return Ok(false);
        }
        let Some(events @ 1..) = self.count(advice, &term)? else { return Ok(false) };
        advice.note(&format!("`{term}` matches {}", number::counted(events, "event")));
        Ok(true)
    }

    /// Values of fields that it may be a misspelling of.
    fn misspelled(&self, advice: &mut Advice<'_>, fields: &[&Field], value: &str, span: Span) -> bool {
        let mut sentence = Vec::new();
        for field in fields {
            let mut values = self.values_of(field);
            let mut value = value;
            if field.kind == Kind::Source {
                // A common suffix does not make them more alike.
                let short = |text: &str| text.trim_end_matches(SERVICES).to_owned();
                values = values.iter().map(|known| short(known)).collect();
                value = value.trim_end_matches(SERVICES);
            }
            let near = near_values(field, &values, value);
            let Some(first) = near.first() else { continue };
            advice.suggest(self.replaced(span, &literal(first)));
            let named: Vec<String> = near.iter().map(|near| format!("`{near}`")).collect();
            sentence.push(format!("{} of {}", named.join(", "), field.name));
        }
        if !sentence.is_empty() {
            advice.note(&format!("`{value}` is near {}", sentence.join(", ")));
        }
        !sentence.is_empty()
    }

    /// A value that other fields have, or that is inside records.
    fn elsewhere(&self, advice: &mut Advice<'_>, field: &Field, value: &str, span: Span) -> Result<(), QueryError> {
        let bare = literal(value);
        if matches!(field.place, Place::Tag | Place::File) || !self.has_time() {
            return Ok(());
        }
        let mut notes = Vec::new();
        if let Some(events @ 1..) = self.count(advice, &bare)? {
            notes.push(format!("`{bare}` without its field matches {}", number::counted(events, "event")));
        }
        let term = format!("text={bare}");
        if value.len() >= SHORTEST_TEXT
            && let Some(records @ 1..) = self.quick_count(advice, &term)?
        {
            notes.push(format!("`{term}` finds it inside {}", number::counted(records, "record")));
        }
        if !notes.is_empty() {
            advice.note(&notes.join("; "));
            let by = if notes[0].contains(" without ") { &bare } else { &term };
            advice.suggest(self.term_around(span).and_then(|term| self.replaced(term, by)));
        }
        Ok(())
    }

    /// The term of a field that has this value and no other.
    fn term_around(&self, value: Span) -> Option<Span> {
        let text = &self.asked.tree.text;
        let before = text.get(..value.start)?;
        let start = before.rfind([' ', '(']).map_or(0, |at| at + 1);
        let alone = !before.get(start..)?.contains(',') && !text.get(value.end..)?.starts_with(',');
        alone.then_some(Span::new(start, value.end))
    }

    /// A word that is the name of a field, or begins a path.
    fn name_of_field(&self, advice: &mut Advice<'_>, value: &str, span: Span) -> bool {
        if !self.is_plain_word(value, span) {
            return false;
        }
        if let Some(field) = fields::find(value) {
            advice.note(&format!("`{value}` is a field: {0}=VALUE, or {0}=* where it is present", field.name));
        } else if let Some(known) = fields::RECORD_FIELDS.iter().find(|known| fold(known) == fold(value)) {
            advice.note(&format!("`{known}` begins a path: {known}.KEY=VALUE"));
        } else {
            return false;
        }
        true
    }

    /// A word that is the name of a key in records.
    fn key_of_records(&self, advice: &mut Advice<'_>, value: &str, span: Span) {
        if !self.is_plain_word(value, span) {
            return;
        }
        if let Some(keys) = self.case.path_names(self.until).to_key(value).first() {
            let path = written_path(keys);
            advice.note(&format!("records have a key of this name: {path}=VALUE, or {path}=* where it is present"));
        }
    }

    /// Reports whether a value is one word without quotes, as names are.
    fn is_plain_word(&self, value: &str, span: Span) -> bool {
        value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            && self.asked.tree.text.get(span.start..span.end) == Some(value)
    }

    /// Returns the number of events that a lookup matches, if few records have to be read for it.
    fn quick_count(&self, advice: &Advice<'_>, text: &str) -> Result<Option<u64>, QueryError> {
        let Ok(prepared) = self.engine.prepare_filled(text) else { return Ok(None) };
        let statement = sql::emit_count(&prepared.lookup.without_stages(), self.case);
        let few = match statement.scan {
            Some(scan) => scan.groups <= MAX_FREE_SCAN_GROUPS,
            None => !statement.scans_records || statement.estimate.is_some_and(|events| events <= FEW_EVENTS),
        };
        if few { self.count(advice, text) } else { Ok(None) }
    }
}

/// The fields that a bare value is not looked for in, and whose values are counted.
fn named_fields() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| {
        let counted = field.values == Values::Kept && !BARE.contains(&field.name);
        counted && !matches!(field.kind, Kind::Flag | Kind::Number | Kind::Time)
    })
}

/// Lists the values of a field.
fn list(advice: &mut Advice<'_>, field: &Field, all: &[ValueCount]) {
    let all: Vec<String> = all.iter().map(describe).collect();
    advice.note(&format!("`{}` has {}", field.name, all.join(", ")));
}

/// A value with its events.
fn describe(counted: &ValueCount) -> String {
    let more = if counted.more { " or more" } else { "" };
    format!("`{}` ({}{more})", counted.value, number::counted(counted.events, "event"))
}
