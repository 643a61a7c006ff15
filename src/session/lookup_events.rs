//! Answers a LookupEvents query as the AWS CLI prints it.

use crate::diagnostic::Diagnostic;
use crate::engine::explain::period;
use crate::engine::no_match;
use crate::lookup_events;
use crate::lookup_events::{ClientOptions, Query};
use crate::render::Format;
use crate::session::{Answer, Session, SessionError};

impl Session {
    /// Answers a LookupEvents query as the AWS CLI prints it.
    ///
    /// # Errors
    /// The session has another format, or the case cannot be read.
    pub fn lookup_events(&mut self, query: &Query, options: &ClientOptions) -> Result<Answer, SessionError> {
        if let Some(format) = self.settings.format.filter(|format| *format != Format::Json) {
            let mistake = Diagnostic::new(format!("lookup-events has no format {format}"))
                .note("it prints what `aws cloudtrail lookup-events` prints: --output json or text")
                .hint("leave --format out, or ask with `trailq lookup` for any other format");
            return Err(mistake.into());
        }
        self.in_one_state(|session| {
            let case = session.case()?;
            let target = session.output.target(&session.settings.style);
            let rows = lookup_events::write_as_client(&case, query, options, target.out)?;
            session.output.finish(true)?;
            if let (0, Some(period)) = (rows, period(&case)) {
                session.note(&format!("no event matches; the case covers {period}"));
                for gap in no_match::gaps::of_case(&case, query.has_period())? {
                    session.note(&gap);
                }
                if let Some(not_seen) = no_match::coverage::of_scope(&case, &query.scope())? {
                    session.note(&not_seen);
                }
            }
            Ok(Answer::rows(rows))
        })
    }
}
