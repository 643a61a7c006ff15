//! Answers SQL, and writes rows that are in memory.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use crate::activity;
use crate::engine::explain;
use crate::number;
use crate::render::{Format, Style};
use crate::rows::{CapturedRows, Value};
use crate::session::brief::{FirstRows, Heading};
use crate::session::capture::{CaptureSink, CaptureSummary};
use crate::session::params;
use crate::session::result_set::{LastResult, ResultKind, ResultOrigin};
use crate::session::{Answer, Session, SessionError};
use crate::sql::Param;
use crate::store::Case;

impl Session {
    /// Runs one or more SQL statements.
    pub(super) fn sql(&mut self, text: &str, started: Instant) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let params = self.params.as_ref().map_or_else(BTreeMap::new, |params| params.for_sql(text));
        if self.settings.eqp {
            for step in explain::sql_plan(&case, text, &params) {
                self.status(&format!("plan: {step}"));
            }
        }
        let kept = self.rows_of(&case, text, &params, None)?;
        if self.settings.interactive {
            self.status(&format!("{} ({})", number::counted(kept, "row"), number::duration(started.elapsed())));
        }
        Ok(Answer::rows(kept))
    }

    /// Writes the rows of SQL, and returns their number. `heading` is that of a brief answer.
    pub(super) fn rows_of(
        &mut self,
        case: &Rc<Case>,
        text: &str,
        params: &BTreeMap<String, Option<Param>>,
        heading: Option<Heading<'_>>,
    ) -> Result<u64, SessionError> {
        let _step = activity::step("running SQL");
        if let Some(limit) = self.brief_limit() {
            let mut first = FirstRows::new(limit);
            case.query_named(text, params, &mut first).map_err(|error| self.with_way_to_give(error.into()))?;
            self.write_brief(heading, &first)?;
            return Ok(first.total);
        }
        self.write_title(heading.map_or(text, |heading| heading.title))?;
        let format = self.settings.format.unwrap_or_default();
        // A row that `.show` can open has a number.
        let style = self.output.style(&self.settings.style);
        let numbers =
            style.numbers && case.columns_of(text).is_ok_and(|columns| columns.iter().any(|name| name == "event_id"));
        let kept = heading.map_or_else(Vec::new, |heading| heading.kept.to_vec());
        let style = Style { numbers, kept, ..style };
        let mut kept = CaptureSummary::default();
        let written = self.write_rows(format, &style, Some(case), |inner| {
            let mut sink = CaptureSink::new(inner);
            let done = case.query_named(text, params, &mut sink);
            kept = sink.finish();
            done.map(drop)
        });
        written.map_err(|error| self.with_way_to_give(error))?;
        let origin = ResultOrigin::Sql(text.trim().to_owned());
        self.last = Some(LastResult {
            origin,
            kind: ResultKind::Rows,
            rows: kept.held,
            trend: None,
            folds: Vec::new(),
            lines: None,
        });
        self.shown = kept.events;
        Ok(kept.rows)
    }

    /// Says how to give the value of a parameter that a statement lacks.
    fn with_way_to_give(&self, error: SessionError) -> SessionError {
        match error {
            SessionError::Mistake(mistake) => params::with_way_to_give(*mistake, self.settings.interactive).into(),
            error => error,
        }
    }

    /// Writes rows that are in memory.
    pub(crate) fn write_held(&mut self, held: &CapturedRows) -> Result<Answer, SessionError> {
        let format = match self.settings.format.unwrap_or_default() {
            Format::Records => Format::Table,
            format => format,
        };
        let style = Style { numbers: false, ..self.output.style(&self.settings.style) };
        self.write_rows(format, &style, None, |mut sink| {
            sink.begin(&held.columns)?;
            for row in &held.rows {
                sink.row(&row.iter().map(Value::cell).collect::<Vec<_>>())?;
            }
            Ok(sink.end()?)
        })?;
        Ok(Answer::rows(held.rows.len() as u64))
    }
}
