//! `trailq convert`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq convert --help`.
const EXAMPLES: &str = "\
Examples:
  trailq convert ./AWSLogs ./table
  trailq convert --by account,region,date ./AWSLogs ./table
  find ./AWSLogs -newer last-run -name '*.gz' | trailq convert - ./table
  trailq convert --format json ./AWSLogs ./table > report.json

Rejects are in DIR/_rejects as NDJSON. Files are named by their content: the
same files converted again replace what they made before. `trailq guide
one-machine` explains the table";

/// Convert trail files to a table of Parquet files, without a case
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "a build without Parquet refuses the command"))]
#[command(after_help = EXAMPLES)]
pub(super) struct ConvertArgs {
    /// Files and folders; - reads a list of files from standard input
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// The folder of the table; other files in it stay
    #[arg(required = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    table: PathBuf,
    #[command(flatten)]
    layout: TableArgs,
    /// Follow symbolic links in folders
    #[arg(long)]
    follow_links: bool,
    /// Name files of FOLDER, which are copies, by PLACE: s3://BUCKET/
    #[arg(long, num_args = 2, value_names = ["FOLDER", "PLACE"])]
    copied: Option<Vec<String>>,
}

/// Options of a table.
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "a build without Parquet refuses the command"))]
pub(super) struct TableArgs {
    /// Partition the table by these columns
    #[arg(long, value_name = "COLUMNS", default_value = "date", value_parser = partitionings())]
    pub(super) by: String,
    /// Read and write with N threads [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Keep temporary files in this folder [default: DIR]
    ///
    /// They need about 1.5 times the size of compressed trail files
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(super) temp: Option<PathBuf>,
}

/// The names of partitionings.
pub(super) fn partitionings() -> PossibleValuesParser {
    PossibleValuesParser::new([
        PossibleValue::new("date").help("event_date"),
        PossibleValue::new(BY_PLACE).help("account, region and event_date"),
    ])
}

/// The name of the partitioning by account, Region and date.
pub(super) const BY_PLACE: &str = "account,region,date";

/// Runs the command.
#[cfg(feature = "parquet")]
pub(super) fn run(session: &mut Session, args: ConvertArgs) -> Result<Outcome, SessionError> {
    let (by, jobs) = (args.layout.partition_by(), args.layout.jobs.map(usize::from));
    let mut options = crate::ingest::ConvertOptions {
        by,
        jobs,
        follow_links: args.follow_links,
        temporary: args.layout.temp,
        copied: args
            .copied
            .and_then(|pair| <[String; 2]>::try_from(pair).ok())
            .map(|[folder, place]| (folder.into(), place)),
        ..Default::default()
    };
    let mut paths = args.paths;
    if let Some(place) = paths.iter().position(|path| path.as_os_str() == "-") {
        options.listed = true;
        let list = list::read(std::io::stdin().lock())?;
        paths.splice(place..=place, list);
    }
    Ok(session.convert(&paths, &args.table, &options)?.into())
}

#[cfg(feature = "parquet")]
impl TableArgs {
    /// Returns the partitioning.
    pub(super) fn partition_by(&self) -> crate::ingest::PartitionBy {
        match self.by.as_str() {
            BY_PLACE => crate::ingest::PartitionBy::AccountRegionDate,
            _ => crate::ingest::PartitionBy::Date,
        }
    }
}

/// Refuses: this build of trailq has no Parquet.
#[cfg(not(feature = "parquet"))]
pub(super) fn run(_: &mut Session, args: ConvertArgs) -> Result<Outcome, SessionError> {
    Err(without_parquet(&args.table, &args.layout).into())
}

/// Returns the error of a build without Parquet.
#[cfg(not(feature = "parquet"))]
pub(super) fn without_parquet(table: &std::path::Path, _: &TableArgs) -> crate::diagnostic::Diagnostic {
    let table = table.display();
    crate::diagnostic::Diagnostic::new(format!("cannot write {table}: trailq was built without the feature parquet"))
        .hint("build it with `cargo build --release --features parquet`")
}

/// Lists of files on standard input.
#[cfg(feature = "parquet")]
mod list {
    use std::io::Read;
    use std::path::PathBuf;

    use crate::diagnostic::Diagnostic;
    use crate::io_message;

    /// Reads a list of files, one a line, or with NUL after each as `find -print0` writes it.
    ///
    /// # Errors
    /// The list is empty or cannot be read.
    pub(super) fn read(mut input: impl Read) -> Result<Vec<PathBuf>, Diagnostic> {
        let mut text = Vec::new();
        input.read_to_end(&mut text).map_err(|error| {
            let reason = io_message::describe(&error);
            Diagnostic::new(format!("cannot read the list of files on standard input: {reason}"))
        })?;
        let separator = if text.contains(&0) { 0 } else { b'\n' };
        let lines = text.split(|byte| *byte == separator);
        let lines = lines.map(|line| line.strip_suffix(b"\r").filter(|_| separator != 0).unwrap_or(line));
        let paths: Vec<PathBuf> = lines.filter(|line| !line.is_empty()).map(path_of).collect();
        if paths.is_empty() {
            let mistake = Diagnostic::new("the list of files on standard input is empty");
            return Err(mistake.hint("write one path a line: find AWSLogs -name '*.gz' | trailq convert - DIR"));
        }
        Ok(paths)
    }

    #[cfg(unix)]
    fn path_of(bytes: &[u8]) -> PathBuf {
        use std::os::unix::ffi::OsStrExt as _;
        PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
    }

    #[cfg(not(unix))]
    fn path_of(bytes: &[u8]) -> PathBuf {
        PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
    }

    #[cfg(test)]
    mod tests {
        use super::read;

        #[test]
        fn a_list_has_a_path_a_line_or_a_nul_after_each() {
            let paths = |text: &str| -> Vec<String> {
                read(text.as_bytes()).unwrap().iter().map(|path| path.display().to_string()).collect()
            };
            assert_eq!(paths("a b.gz\r\n\n/c\n"), ["a b.gz", "/c"]);
            assert_eq!(paths("a\nb\0c\0"), ["a\nb", "c"]);
            assert!(read(b"\n\n".as_slice()).unwrap_err().message.contains("is empty"));
        }
    }
}
