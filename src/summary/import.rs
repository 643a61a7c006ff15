//! The report of an import.

use std::fmt::Write as _;
use std::time::Duration;

use crate::escape::visible;
use crate::ingest;
use crate::number;
use crate::summary::report::{Report, TextTarget};

/// The largest number of rejects, and of field problems, that the text lists.
const MAX_LISTED: usize = 5;
/// The largest number of ignored files and archive members that the text lists.
const MAX_IGNORED: usize = 10;

impl Report for ingest::Report {
    const NAME: &'static str = "the report of an import";
    const TEXT_TARGET: TextTarget = TextTarget::Notes;

    fn text(&self, _: bool) -> String {
        text(self)
    }
}

/// Returns the report as lines of text.
fn text(report: &ingest::Report) -> String {
    text_with(report, "the table rejects", "`trailq info --files`")
}

/// Returns the report as lines of text. `rejects` and `ignored`: the places that have all rejects and ignored files.
pub(super) fn text_with(report: &ingest::Report, rejects: &str, ignored: &str) -> String {
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
    let also = also(report);
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
    if let Some(digest) = &report.event_digest {
        let _ = writeln!(out, "digest of the case's {}: {digest}", number::counted(digest.events(), "event"));
    }
    add_conflicts(report, &mut out);
    for reject in report.rejects.iter().take(MAX_LISTED) {
        let _ = writeln!(out, "rejected: {}:{}: {}", visible(&reject.file), reject.line, visible(&reject.reason));
    }
    let named = report.rejects.len().min(MAX_LISTED) as u64;
    if report.counts.rejected > named {
        let _ = writeln!(out, "rejected: {} more, in {rejects}", number::count(report.counts.rejected - named));
    }
    if report.skipped_files > 0 && report.earlier_rejects > 0 {
        // What is unchanged is not read again, and what was rejected of it is still not in the case.
        let earlier = number::counted(report.earlier_rejects, "reject");
        let _ = writeln!(out, "the case has {earlier} of earlier imports, in {rejects}");
    }
    add_ignored(report, ignored, &mut out);
    for problem in report.field_problems.iter().take(MAX_LISTED) {
        let events = number::counted(problem.events, "event");
        let _ = writeln!(out, "unreadable: {} of {events}: {}", visible(&problem.field), problem.problem);
    }
    if report.field_problems.len() > MAX_LISTED {
        let _ =
            writeln!(out, "unreadable: {} more, in the table field_problems", report.field_problems.len() - MAX_LISTED);
    }
    out
}

/// Returns what else there was, with its numbers.
fn also(report: &ingest::Report) -> Vec<String> {
    let mut also = Vec::new();
    let mut mention = |count: u64, one: &str, many: &str| match count {
        0 => {}
        1 => also.push(format!("1 {one}")),
        count => also.push(format!("{} {many}", number::count(count))),
    };
    mention(report.counts.conflict, "duplicate has another content", "duplicates have another content");
    mention(report.counts.replaced, "duplicate replaced a CSV row", "duplicates replaced CSV rows");
    mention(report.digests, "digest file", "digest files");
    mention(report.proofs, "answer of the AWS CLI", "answers of the AWS CLI");
    mention(report.accounts, "account of an organization", "accounts of organizations");
    mention(report.people, "user of an identity store", "users of identity stores");
    mention(report.leads, "lead (`trailq leads` lists them)", "leads (`trailq leads` lists them)");
    mention(report.principals, "principal of IAM with its state", "principals of IAM with their state");
    mention(report.skipped_files, "file unchanged since an earlier import", "files unchanged since an earlier import");
    mention(report.members, "member of an archive", "members of archives");
    mention(report.left_out, "file left out by its path", "files left out by their paths");
    mention(report.ignored_files, "file ignored", "files ignored");
    mention(report.ignored_members, "member of an archive ignored", "members of archives ignored");
    also
}

/// Explains conflicts, if there are many.
fn add_conflicts(report: &ingest::Report, out: &mut String) {
    if report.has_many_conflicts() {
        let _ = writeln!(
            out,
            "conflicts: {} records have an eventID that another record with another content has: anonymized data? \
             `--ids content` imports each content as an event",
            number::count(report.counts.conflict)
        );
    }
}

/// Lists the first files and archive members that were ignored.
fn add_ignored(report: &ingest::Report, place: &str, out: &mut String) {
    for ignored in report.ignored.iter().take(MAX_IGNORED) {
        let _ = writeln!(out, "ignored: {}: {}", visible(&ignored.file), visible(&ignored.reason));
    }
    let listed = report.ignored.len().min(MAX_IGNORED) as u64;
    let ignored = report.ignored_files + report.ignored_members;
    if ignored > listed {
        let _ = writeln!(out, "ignored: {} more, listed by {place}", number::count(ignored - listed));
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::ingest::{IgnoredLine, Report};
    use crate::ledger::Counts;

    #[test]
    fn conflicts_are_explained_beyond_one_in_a_hundred() {
        let of = |conflict, read| {
            let counts = Counts { read, stored: read - conflict, duplicate: conflict, conflict, ..Counts::default() };
            text(&Report { files: 1, counts, ..Report::default() }).contains("anonymized data?")
        };
        assert_eq!(
            [of(9, 20), of(10, 20), of(10, 999), of(10, 1000), of(2000, 100_000)],
            [false, true, true, false, true]
        );
    }

    #[test]
    fn a_report_is_a_few_lines() {
        let report = Report {
            files: 3,
            counts: Counts { read: 1500, stored: 1497, duplicate: 1, rejected: 2, conflict: 1, replaced: 0 },
            ignored_files: 12,
            ignored: vec![
                IgnoredLine { file: "/a".to_owned(), reason: "is an AWS Config file".to_owned() },
                IgnoredLine { file: "/b.zip!c\u{1b}".to_owned(), reason: "is empty".to_owned() },
            ],
            bytes: 2048,
            seconds: 0.5,
            ..Report::default()
        };
        assert_eq!(
            text(&report),
            "3 files: 1,500 records read, 1,497 stored, 1 duplicate, 2 rejected\n\
             1 duplicate has another content, 12 files ignored\n\
             2.0 KiB in 500 ms (3,000 records/s)\n\
             rejected: 2 more, in the table rejects\n\
             ignored: /a: is an AWS Config file\n\
             ignored: /b.zip!c\\x1b: is empty\n\
             ignored: 10 more, listed by `trailq info --files`\n"
        );
    }
}
