//! The report on a first import that is running, in place of the summary of the case that it makes.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::escape::visible;
use crate::number;
use crate::render::Format;
use crate::render::palette::{HEADING, paint};
use crate::store::ImportProgress;
use crate::summary::report::{Report, TextTarget};
use crate::time;

/// The report on a first import that is running.
pub(crate) struct RunningImportReport {
    /// The path of the case.
    pub(crate) path: String,
    /// The progress; `None` if it is not known.
    pub(crate) progress: Option<ImportProgress>,
    /// The time of the report, in Unix seconds.
    pub(crate) now: i64,
}

impl RunningImportReport {
    /// Returns the stage of the import, and the progress if it is new enough to have numbers.
    fn stage(&self) -> (&'static str, Option<&ImportProgress>) {
        match &self.progress {
            Some(progress) if progress.is_indexing => ("building indexes", Some(progress)),
            Some(progress) if !progress.is_stale(self.now) => ("reading", Some(progress)),
            _ => ("not known", None),
        }
    }
}

impl Report for RunningImportReport {
    const NAME: &'static str = "info";
    const TEXT_FORMATS: &'static [Format] = &[Format::Table, Format::Expanded];
    const TEXT_TARGET: TextTarget = TextTarget::Rows;

    fn text(&self, color: bool) -> String {
        let mut out = String::new();
        let mut line = |label: &str, value: &str| {
            let blanks = " ".repeat(12_usize.saturating_sub(label.len()));
            let _ = writeln!(out, "{}{blanks}{value}", paint(label, HEADING, color));
        };
        line("case", &format!("{}: the import into it is running", visible(&self.path)));
        let (stage, progress) = self.stage();
        line("stage", stage);
        if let Some(progress) = progress {
            let bytes = [progress.bytes, progress.all_bytes].map(number::bytes);
            line("read", &format!("{} %, {} of {}", progress.percent(), bytes[0], bytes[1]));
            line("files", &format!("{} of {}", number::count(progress.files), number::count(progress.all_files)));
            line("events", &number::count(progress.events));
        }
        if let Some(progress) = &self.progress {
            let seconds = u64::try_from(self.now.saturating_sub(progress.started)).unwrap_or(0);
            let ago = number::duration(Duration::from_secs(seconds));
            line("since", &format!("{} ({ago} ago)", time::format(progress.started)));
            line("process", &progress.process.to_string());
        }
        out
    }
}

impl Serialize for RunningImportReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (stage, known) = self.stage();
        let number = |get: fn(&ImportProgress) -> u64| known.map(get);
        json!({
            "case": self.path,
            "import": {
                "state": "running",
                "stage": if stage == "not known" { None } else { Some(stage) },
                "percent": number(ImportProgress::percent),
                "files": number(|progress| progress.files),
                "all_files": number(|progress| progress.all_files),
                "bytes": number(|progress| progress.bytes),
                "all_bytes": number(|progress| progress.all_bytes),
                "events": number(|progress| progress.events),
                "started_at": self.progress.as_ref().map(|progress| time::format(progress.started)),
                "process": self.progress.as_ref().map(|progress| progress.process),
            },
        })
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::RunningImportReport;
    use crate::store::ImportProgress;
    use crate::summary::Report as _;

    fn report(progress: Option<ImportProgress>) -> RunningImportReport {
        RunningImportReport { path: "t\x1b.db".to_owned(), progress, now: 1_709_283_725 }
    }

    fn halfway() -> ImportProgress {
        ImportProgress {
            process: 7,
            started: 1_709_283_600,
            written: 1_709_283_720,
            files: 1_200,
            all_files: 2_500,
            bytes: 1 << 20,
            all_bytes: 2 << 20,
            events: 123_456,
            is_indexing: false,
        }
    }

    #[test]
    fn a_person_reads_lines() {
        assert_eq!(
            report(Some(halfway())).text(false),
            "case        t\\x1b.db: the import into it is running\n\
             stage       reading\n\
             read        50 %, 1.0 MiB of 2.0 MiB\n\
             files       1,200 of 2,500\n\
             events      123,456\n\
             since       2024-03-01T09:00:00Z (2 min 05 s ago)\n\
             process     7\n"
        );
        let indexing = ImportProgress { is_indexing: true, files: 2_500, bytes: 2 << 20, written: 0, ..halfway() };
        let shown = report(Some(indexing)).text(false);
        assert!(shown.contains("stage       building indexes\nread        100 %, 2.0 MiB of 2.0 MiB\n"), "{shown}");
    }

    #[test]
    fn progress_that_is_stale_or_not_known_has_no_numbers() {
        let stale = report(Some(ImportProgress { written: 1_709_283_600, ..halfway() }));
        assert_eq!(
            stale.text(false),
            "case        t\\x1b.db: the import into it is running\n\
             stage       not known\n\
             since       2024-03-01T09:00:00Z (2 min 05 s ago)\n\
             process     7\n"
        );
        let import = &json!(stale)["import"];
        assert_eq!((&import["percent"], &import["process"]), (&json!(null), &json!(7)));
        let unknown = report(None);
        assert_eq!(
            unknown.text(false),
            "case        t\\x1b.db: the import into it is running\nstage       not known\n"
        );
        assert_eq!(json!(unknown)["import"]["started_at"], json!(null));
    }

    #[test]
    fn a_program_reads_an_object() {
        assert_eq!(
            json!(report(Some(halfway()))),
            json!({"case": "t\x1b.db", "import": {
                "state": "running", "stage": "reading", "percent": 50, "files": 1_200, "all_files": 2_500,
                "bytes": 1 << 20, "all_bytes": 2 << 20, "events": 123_456, "started_at": "2024-03-01T09:00:00Z",
                "process": 7,
            }})
        );
    }
}
