//! What is near a path at which no record has the value.

use crate::diagnostic::Span;
use crate::nested;
use crate::render::number;
use crate::session::absence::{Hints, written_path};
use crate::session::{Session, SessionError};

/// How many places of a key are named.
const MOST_PLACES: usize = 3;

impl Hints<'_> {
    /// The fields that a name is the end of, the path that it is a misspelling of, or that other values are there.
    pub(crate) fn path(&self, session: &mut Session, path: &[String], name: Span) -> Result<(), SessionError> {
        let typed = self.asked.tree.text.get(name.start..name.end).unwrap_or_default().to_owned();
        if let [only] = path
            && self.named_field(session, only, name)?
        {
            return Ok(());
        }
        let names = self.case.path_names(self.until);
        if names.has(path) {
            if let Some(events @ 1..) = self.count(session, &format!("{typed}=*"))? {
                session.note(&format!("`{typed}=*` matches {}", number::counted(events, "event")));
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
                session.note(&format!("{looked_at}, and `{written}` occurs; names are case-sensitive"));
                session.suggest(self.replaced(name, &written));
            }
            (_, Some(first)) => {
                let places = elsewhere.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
                session.note(&format!("{looked_at}; the key is at {places}"));
                session.suggest(self.replaced(name, first));
            }
            (Some(near), None) => {
                let written = written_path(&near.keys);
                session.note(&format!("{looked_at}, and `{written}` occurs"));
                session.suggest(self.replaced(name, &written));
            }
            (None, None) => session.note(&looked_at),
        }
        Ok(())
    }

    /// A top-level name that is the end of what fields hold: `accountId`.
    fn named_field(&self, session: &mut Session, typed: &str, name: Span) -> Result<bool, SessionError> {
        let fields = nested::fields_ending_in(typed);
        if fields.is_empty() {
            return Ok(false);
        }
        let told: Vec<String> = fields
            .iter()
            .map(|field| format!("`{}` ({})", field.name, field.path.split(", ").next().unwrap_or_default()))
            .collect();
        let told = told.join(" or ");
        session.note(&format!("`{typed}` alone is a path at the top of records; the field is {told}"));
        for field in &fields {
            let Some(lookup) = self.replaced(name, field.name) else { continue };
            if let Some(events @ 1..) = self.count(session, &lookup)? {
                session.note(&format!("`{lookup}` matches {}", number::counted(events, "event")));
                session.suggest(Some(lookup));
            }
        }
        session.suggest(fields.first().and_then(|first| self.replaced(name, first.name)));
        Ok(true)
    }
}
