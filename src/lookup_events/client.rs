//! The AWS CLI's processing of an answer: joins pages, applies `--query`, prints text.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jmespath::{Rcvar, Variable};

use super::answer::{read, write};
use super::entry::{Entry, EntrySink};
use super::expression::Expression;
use super::json::{self, Layout, cli_time};
use super::query::{PAGE, Query};
use super::text;
use crate::diagnostic::Diagnostic;
use crate::store::{Case, QueryError};

/// The note on an expression that is valid for every page and fails after the last one.
const ON_TOKEN: &str = "where --max-items leaves events out, text output applies --query to the NextToken too, as the \
                        AWS CLI does; Events is null there";

/// The format of `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputFormat {
    /// Indented JSON.
    #[default]
    Json,
    /// Lines of cells separated by tabs.
    Text,
}

/// The options of the AWS CLI's output.
#[derive(Debug, Clone, Default)]
pub struct ClientOptions {
    /// The format.
    pub output: OutputFormat,
    /// The part of an answer that is printed.
    pub query: Option<Expression>,
    /// True if the answer is that of one call, with its token as a member.
    pub single_call: bool,
    /// The events of a page if pages are joined: text is laid out page by page.
    pub page_size: Option<u64>,
}

/// Writes the answer to a query as the AWS CLI does, and returns the number of its events.
///
/// # Errors
/// The case cannot be read, the expression cannot be evaluated, or the answer cannot be written.
pub(crate) fn write_as_client(
    case: &Case,
    query: &Query,
    options: &ClientOptions,
    out: &mut dyn Write,
) -> Result<u64, QueryError> {
    if let (OutputFormat::Json, None) = (options.output, &options.query) {
        return write(case, query, Layout::Cli, out);
    }
    let by_page = options.output == OutputFormat::Text && !options.single_call;
    let page_size = by_page.then(|| options.page_size.unwrap_or(PAGE));
    let mut pages = Pages { out, options, page_size, entries: Vec::new(), bytes: 0, next_check: 0, pages: 0 };
    let end = read(case, query, &mut pages)?;
    pages.finish(end.token)?;
    Ok(end.entries)
}

/// Collects entries, and writes them page by page or as a whole.
struct Pages<'o> {
    out: &'o mut dyn Write,
    options: &'o ClientOptions,
    page_size: Option<u64>,
    entries: Vec<Rcvar>,
    /// The size of the entries in bytes.
    bytes: u64,
    /// The size at which the limit is checked again.
    next_check: u64,
    /// The number of written pages.
    pages: u64,
}

impl Pages<'_> {
    /// Writes the last page, and the token of the next one.
    fn finish(mut self, token: Option<String>) -> io::Result<()> {
        let token = token.map(|token| Rcvar::new(Variable::String(token)));
        if self.page_size.is_none() {
            return self.write_page(token);
        }
        if !self.entries.is_empty() || self.pages == 0 {
            self.write_page(None)?;
        }
        // The AWS CLI prints the token as one more page, to which it applies the expression too.
        match token {
            Some(token) => {
                let page = object([("NextToken", object([("NextToken", token)]))]);
                self.write_value(page).map_err(|error| match error.downcast::<Diagnostic>() {
                    Ok(mistake) => io::Error::other(mistake.note(ON_TOKEN)),
                    Err(error) => error,
                })
            }
            None => Ok(()),
        }
    }

    /// Writes the collected entries.
    fn write_page(&mut self, token: Option<Rcvar>) -> io::Result<()> {
        let entries = Rcvar::new(Variable::Array(std::mem::take(&mut self.entries)));
        let members = [("Events", entries)].into_iter().chain(token.map(|token| ("NextToken", token)));
        self.write_value(object(members))?;
        self.bytes = 0;
        self.pages += 1;
        Ok(())
    }

    fn write_value(&mut self, value: Rcvar) -> io::Result<()> {
        match (&self.options.query, self.options.output) {
            (None, _) => text::write(&value, self.out),
            (Some(query), format) => {
                let found = query.search(&value, self.bytes).map_err(io::Error::other)?;
                match format {
                    OutputFormat::Json => json::write_value(&found, query, self.out),
                    OutputFormat::Text => text::write(&found, self.out),
                }
            }
        }
    }
}

impl EntrySink for Pages<'_> {
    fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        let (value, bytes) = variable(entry);
        self.bytes += bytes;
        if let Some(query) = self.options.query.as_ref().filter(|_| self.bytes >= self.next_check) {
            query.check_size(self.bytes).map_err(io::Error::other)?;
            self.next_check = self.bytes * 2;
        }
        self.entries.push(value);
        if self.page_size.is_some_and(|size| self.entries.len() as u64 >= size) {
            self.write_page(None)?;
        }
        Ok(())
    }
}

/// Converts an entry to a JMESPath value, and returns its size in bytes.
fn variable(entry: &Entry<'_>) -> (Rcvar, u64) {
    let mut bytes = 0;
    let mut text = |text: &str| {
        bytes += text.len() as u64;
        Rcvar::new(Variable::String(text.to_owned()))
    };
    let mut members = Vec::new();
    for (key, value) in [
        ("EventId", entry.id),
        ("EventName", entry.name),
        ("ReadOnly", entry.read_only),
        ("AccessKeyId", entry.access_key_id),
        ("EventTime", entry.time.map(cli_time).as_deref()),
        ("EventSource", entry.source),
        ("Username", entry.user_name),
        ("CloudTrailEvent", Some(&entry.record)),
    ] {
        members.extend(value.map(|value| (key, text(value))));
    }
    let resources = entry.resources.iter().map(|(kind, name)| {
        let kind = kind.as_deref().map(|kind| ("ResourceType", text(kind)));
        object(kind.into_iter().chain([("ResourceName", text(name))]))
    });
    members.push(("Resources", Rcvar::new(Variable::Array(resources.collect()))));
    (object(members), bytes)
}

/// Returns a JMESPath object.
fn object(members: impl IntoIterator<Item = (&'static str, Rcvar)>) -> Rcvar {
    let members: BTreeMap<String, Rcvar> = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Rcvar::new(Variable::Object(members))
}
