//! Imports files into the case, and reports what became of them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::ingest;
use crate::ingest::{Options, Report};
use crate::render::escape;
use crate::render::escape::visible;
use crate::render::{Format, number};
use crate::session::{Answer, Session, SessionError};
use crate::store;
use crate::terminal::progress::Bar;

/// How many rejects and how many problems are named in text.
const MOST: usize = 5;

/// Imports and reports: as text among the notes, or as one JSON object where rows go.
pub(crate) fn run(session: &mut Session, paths: &[PathBuf], options: &Options) -> Result<Answer, SessionError> {
    let json = match session.settings.format {
        Some(Format::Json | Format::Ndjson) => true,
        None | Some(Format::Table) => false,
        Some(_) if session.settings.interactive => false,
        Some(other) => {
            let mistake = Diagnostic::new(format!("the report of an import has no format {other}"));
            return Err(mistake.hint("leave --format out for text, or take json").into());
        }
    };
    session.close();
    store::wait_for_writers(&session.path, &session.waiting())?;
    let bar = Bar::new(session.settings.progress && !session.settings.quiet, session.interrupter());
    let imported = ingest::import(&session.path, paths, options, &bar);
    bar.finish();
    if matches!(imported, Err(ingest::Error::Cancelled)) {
        session.note("what was stored stays in the case; the same import run again goes on where it stopped");
    }
    let report = imported.map_err(SessionError::from)?;
    if json {
        let text = match session.settings.format {
            Some(Format::Json) => serde_json::to_string_pretty(&report),
            _ => serde_json::to_string(&report),
        };
        let text = text.map_err(std::io::Error::from)?;
        session.print(&format!("{}\n", escape::json(&text)))?;
    } else if !session.settings.quiet {
        let _ = session.notes.write_all(text(&report).as_bytes());
    }
    Ok(Answer { rejected: report.counts.rejected > 0, ..Answer::default() })
}

/// The report for a person.
fn text(report: &Report) -> String {
    let seconds = report.seconds.max(0.001);
    let rate = (report.counts.read as f64 / seconds) as u64;
    let nothing = report.files_not_understood;
    let mut out = String::new();
    if nothing == 0 || report.files > nothing {
        out = format!(
            "{}: {} read, {} stored, {} duplicate, {} rejected\n",
            number::counted(report.files - nothing, "file"),
            number::counted(report.counts.read - nothing, "record"),
            number::count(report.counts.stored),
            number::count(report.counts.duplicate),
            number::count(report.counts.rejected - nothing),
        );
    }
    if nothing > 0 {
        let _ = writeln!(out, "{} not understood", number::counted(nothing, "file"));
    }
    let mut also = Vec::new();
    let mut mention = |count: u64, one: &str, many: &str| match count {
        0 => {}
        1 => also.push(format!("1 {one}")),
        count => also.push(format!("{} {many}", number::count(count))),
    };
    mention(report.counts.conflict, "duplicate has another content", "duplicates have another content");
    mention(report.counts.replaced, "duplicate replaced a CSV row", "duplicates replaced CSV rows");
    mention(report.digests, "digest file", "digest files");
    mention(report.skipped_files, "file unchanged since an earlier import", "files unchanged since an earlier import");
    mention(report.ignored_files, "file ignored as something else", "files ignored as something else");
    if !also.is_empty() {
        let _ = writeln!(out, "{}", also.join(", "));
    }
    let _ = writeln!(
        out,
        "{} in {} ({} records/s)",
        number::bytes(report.bytes),
        number::duration(Duration::from_secs_f64(report.seconds.max(0.0))),
        number::count(rate)
    );
    for reject in report.rejects.iter().take(MOST) {
        let _ = writeln!(out, "rejected: {}:{}: {}", visible(&reject.file), reject.line, visible(&reject.reason));
    }
    let named = report.rejects.len().min(MOST) as u64;
    if report.counts.rejected > named {
        let _ = writeln!(out, "rejected: {} more, in the table rejects", number::count(report.counts.rejected - named));
    }
    for problem in report.field_problems.iter().take(MOST) {
        let events = number::counted(problem.events, "event");
        let _ = writeln!(out, "unreadable: {} of {events}: {}", problem.field, problem.problem);
    }
    if report.field_problems.len() > MOST {
        let _ = writeln!(out, "unreadable: {} more, in the table field_problems", report.field_problems.len() - MOST);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Report, text};
    use crate::ledger::Counts;

    #[test]
    fn a_report_is_a_few_lines() {
        let report = Report {
            files: 3,
            counts: Counts { read: 1500, stored: 1497, duplicate: 1, rejected: 2, conflict: 1, replaced: 0 },
            ignored_files: 2,
            bytes: 2048,
            seconds: 0.5,
            ..Report::default()
        };
        assert_eq!(
            text(&report),
            "3 files: 1,500 records read, 1,497 stored, 1 duplicate, 2 rejected\n\
             1 duplicate has another content, 2 files ignored as something else\n\
             2.0 KiB in 500 ms (3,000 records/s)\n\
             rejected: 2 more, in the table rejects\n"
        );
    }
}
