//! Hints about a path at which no record has the value.

use crate::diagnostic::Span;
use crate::engine::no_match::Hints;
use crate::engine::no_match::advice::Advice;
use crate::engine::record_paths::written_path;
use crate::nested;
use crate::number;
use crate::store::QueryError;

/// Maximum number of paths to a key that are named.
const MOST_PLACES: usize = 3;

impl Hints<'_> {
    /// The fields that a name is the end of, the path that it is a misspelling of, or that other values are there.
    pub(crate) fn path(&self, advice: &mut Advice<'_>, path: &[String], name: Span) -> Result<(), QueryError> {
        let typed = self.asked.tree.text.get(name.start..name.end).unwrap_or_default().to_owned();
        if let [only] = path
            && self.named_field(advice, only, name)?
        {
            return Ok(());
        }
        if let [only] = path {
            self.below(advice, only, name)?;
        }
        let names = self.case.path_names(self.until);
        if names.has(path) {
            if let Some(events @ 1..) = self.count(advice, &format!("{typed}=*"))? {
                advice.note(&format!("`{typed}=*` matches {}", number::counted(events, "event")));
            }
            return Ok(());
        }
        let looked_at = match names.complete {
            true => format!("no record has a value at `{typed}`"),
            false => format!("none of {} records looked at has a value at `{typed}`", number::count(names.records)),
        };
        let near = names.near(path);
        let last = path.last().map(String::as_str).unwrap_or_default();
        let elsewhere: Vec<String> =
            names.to_key(last).iter().take(MOST_PLACES).map(|keys| written_path(keys)).collect();
        match (near, elsewhere.first()) {
            (Some(near), _) if near.only_case => {
                let written = written_path(&near.keys);
                advice.note(&format!("{looked_at}, and `{written}` occurs; names are case-sensitive"));
                advice.suggest(self.replaced(name, &written));
            }
            (_, Some(first)) => {
                let places = elsewhere.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
                advice.note(&format!("{looked_at}; the key is at {places}"));
                advice.suggest(self.replaced(name, first));
            }
            (Some(near), None) => {
                let written = written_path(&near.keys);
                advice.note(&format!("{looked_at}, and `{written}` occurs"));
                advice.suggest(self.replaced(name, &written));
            }
            (None, None) => advice.note(&looked_at),
        }
        Ok(())
    }

    /// Suggests to search the JSON text of the whole object instead of its single values, if that finds events; reports
    /// whether it does. `~` itself stays a search of single values, because `not request~x` is valid and matches every
    /// event without such a value.
    pub(crate) fn whole_object(
        &self,
        advice: &mut Advice<'_>,
        name: Span,
        pattern: &str,
        term: Span,
    ) -> Result<bool, QueryError> {
        // A dot is more often meant as one.
        let is_plain =
            !pattern.is_empty() && !pattern.contains(['\\', '^', '$', '*', '+', '?', '(', '[', '{', '|', '"']);
        let typed = self.asked.tree.text.get(name.start..name.end).unwrap_or_default();
        let search = format!("{typed}=~\"*{pattern}*\"");
        let Some(lookup) = self.replaced(term, &search).filter(|_| is_plain) else { return Ok(false) };
        if let Some(events @ 1..) = self.count(advice, &lookup)? {
            advice.note(&format!(
                "`{typed}~` is asked of single values; with `{search}`, which searches the JSON text of the whole \
                 object, the lookup matches {}",
                number::counted(events, "event")
            ));
            advice.suggest(Some(lookup));
            return Ok(true);
        }
        Ok(false)
    }

    /// The documented paths below a top-level field that is an object: `tlsDetails`.
    fn below(&self, advice: &mut Advice<'_>, field: &str, name: Span) -> Result<(), QueryError> {
        let paths = nested::paths_below(field);
        if paths.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = paths.iter().take(MOST_PLACES).map(|path| format!("`{path}`")).collect();
        advice.note(&format!("`{field}` is an object; its values have paths such as {}", named.join(", ")));
        for lookup in paths.iter().filter_map(|path| self.replaced(name, path)) {
            if let Some(events @ 1..) = self.count(advice, &lookup)? {
                advice.note(&format!("`{lookup}` matches {}", number::counted(events, "event")));
                advice.suggest(Some(lookup));
            }
        }
        Ok(())
    }

    /// A top-level name that is the end of what fields hold: `accountId`.
    fn named_field(&self, advice: &mut Advice<'_>, typed: &str, name: Span) -> Result<bool, QueryError> {
        let fields = nested::fields_ending_in(typed);
        if fields.is_empty() {
            return Ok(false);
        }
        let names: Vec<String> = fields
            .iter()
            .map(|field| format!("`{}` ({})", field.name, field.path.split(", ").next().unwrap_or_default()))
            .collect();
        let names = names.join(" or ");
        advice.note(&format!("`{typed}` alone is a path at the top of records; the field is {names}"));
        for field in &fields {
            let Some(lookup) = self.replaced(name, field.name) else { continue };
            if let Some(events @ 1..) = self.count(advice, &lookup)? {
                advice.note(&format!("`{lookup}` matches {}", number::counted(events, "event")));
                advice.suggest(Some(lookup));
            }
        }
        advice.suggest(fields.first().and_then(|first| self.replaced(name, first.name)));
        Ok(true)
    }
}
