//! `trailq lookup-events`: the options of `aws cloudtrail lookup-events`, its global ones included.

use std::io;

use clap::Args;
use serde_json::Value;

use super::outcome::Outcome;
use crate::diagnostic::{Diagnostic, nearest};
use crate::lookup_events::{
    self, Attribute, ClientOptions, ErrorKind, Expression, OutputFormat, PAGE, Request, RequestError, Rules,
};
use crate::session::{Session, SessionError};

/// The heading of options about a connection, which trailq never opens.
const IGNORED: &str = "Accepted and ignored";

/// Answer like `aws cloudtrail lookup-events`
#[derive(Debug, Args)]
#[command(args_override_self = true, after_help = EXAMPLES, after_long_help = REMARKS)]
pub(super) struct LookupEventsArgs {
    /// Match events with AttributeKey=KEY,AttributeValue=VALUE
    ///
    /// Events have all of the attributes. The keys are EventId, EventName, ReadOnly, Username, ResourceType, ResourceName, EventSource and AccessKeyId
    #[arg(long, value_name = "ATTRIBUTE", num_args = 1..)]
    lookup_attributes: Vec<String>,
    /// Include only events at or after a time
    ///
    /// For example 2024-03-01, 2024-03-01T09:00:00Z, or Unix seconds
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    start_time: Option<String>,
    /// Include only events at or before a time; a date is its first second
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    end_time: Option<String>,
    /// Include insight or all events [default: management events]
    #[arg(long, value_name = "CATEGORY")]
    event_category: Option<String>,
    /// Include only events of this Region [default: all Regions]
    #[arg(long, value_name = "REGION", value_parser = region)]
    region: Option<String>,
    /// Print at most N events and the next token [default: all events]
    #[arg(long, value_name = "N", allow_hyphen_values = true, conflicts_with_all = ["max_results", "no_paginate"])]
    max_items: Option<i64>,
    /// Continue from the page that returned this token
    #[arg(long, value_name = "TOKEN", conflicts_with = "next_token", hide_short_help = true)]
    starting_token: Option<String>,
    /// Set the number of events per page [default: 50]
    ///
    /// --output text aligns columns, and applies --query, page by page
    #[arg(long, value_name = "N", allow_hyphen_values = true, conflicts_with_all = ["max_results", "no_paginate"], hide_short_help = true)]
    page_size: Option<i64>,
    /// Make one call instead of reading all pages
    ///
    /// It returns the newest 50 events, or --max-results
    #[arg(long, hide_short_help = true)]
    no_paginate: bool,
    /// Make one call for a page of at most N events
    #[arg(long, value_name = "N", allow_hyphen_values = true, hide_short_help = true)]
    max_results: Option<i64>,
    /// Same as --starting-token, by its name in the API
    #[arg(long, value_name = "TOKEN", hide_short_help = true)]
    next_token: Option<String>,
    /// Read the request from JSON or file://PATH; options take precedence
    #[arg(long, value_name = "JSON", hide_short_help = true)]
    cli_input_json: Option<String>,
    /// Print json or text [default: json]
    #[arg(long, value_name = "FORMAT", value_parser = output)]
    output: Option<OutputFormat>,
    /// Print the result of a JMESPath expression on the answer
    #[arg(long, value_name = "JMESPATH", hide_short_help = true)]
    query: Option<String>,
    #[command(flatten)]
    ignored: Ignored,
}

/// Options that do not change an answer from a case.
#[derive(Debug, Args)]
struct Ignored {
    /// Choose credentials and configuration
    #[arg(long, value_name = "NAME", help_heading = IGNORED, hide_short_help = true)]
    profile: Option<String>,
    /// Choose the server
    #[arg(long, value_name = "URL", help_heading = IGNORED, hide_short_help = true)]
    endpoint_url: Option<String>,
    /// Choose the certificates of the connection
    #[arg(long, value_name = "FILE", help_heading = IGNORED, hide_short_help = true)]
    ca_bundle: Option<String>,
    /// Limit the wait for an answer
    #[arg(long, value_name = "SECONDS", help_heading = IGNORED, hide_short_help = true)]
    cli_read_timeout: Option<String>,
    /// Limit the wait for a connection
    #[arg(long, value_name = "SECONDS", help_heading = IGNORED, hide_short_help = true)]
    cli_connect_timeout: Option<String>,
    /// Send requests without a signature
    #[arg(long, help_heading = IGNORED, hide_short_help = true)]
    no_sign_request: bool,
    /// Accept any certificate
    #[arg(long, help_heading = IGNORED, hide_short_help = true)]
    no_verify_ssl: bool,
    /// Print what the client does
    #[arg(long, help_heading = IGNORED, hide_short_help = true)]
    debug: bool,
    /// Print without a pager, as trailq does anyway
    #[arg(long, help_heading = IGNORED, hide_short_help = true)]
    no_cli_pager: bool,
    /// Never prompt, as trailq does anyway
    #[arg(long, help_heading = IGNORED, hide_short_help = true)]
    no_cli_auto_prompt: bool,
    /// Choose the format of binary values, of which there are none
    #[arg(long, value_name = "FORMAT", help_heading = IGNORED, hide_short_help = true)]
    cli_binary_format: Option<String>,
}

impl Ignored {
    /// Returns the given options that have an effect in the AWS CLI.
    fn given(&self) -> Vec<&'static str> {
        [
            ("--profile", self.profile.is_some()),
            ("--endpoint-url", self.endpoint_url.is_some()),
            ("--ca-bundle", self.ca_bundle.is_some()),
            ("--cli-read-timeout", self.cli_read_timeout.is_some()),
            ("--cli-connect-timeout", self.cli_connect_timeout.is_some()),
            ("--no-sign-request", self.no_sign_request),
            ("--no-verify-ssl", self.no_verify_ssl),
            ("--debug", self.debug),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect()
    }
}

/// Examples for `trailq lookup-events --help`.
const EXAMPLES: &str = "\
Examples:
  trailq lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=alice
  trailq lookup-events --start-time 2024-03-01 --end-time 2024-03-02T12:00:00Z --max-items 10
  trailq lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=AssumeRole \\
      AttributeKey=ResourceName,AttributeValue=ASIAIOSFODNN7EXAMPLE
  trailq lookup-events --region us-east-1 --output text --query 'Events[].[EventTime,EventName]'
  trailq lookup-events --event-category insight";
/// Examples and remarks for `trailq help lookup-events`.
const REMARKS: &str = "\
Examples:
  trailq lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=alice
  trailq lookup-events --start-time 2024-03-01 --end-time 2024-03-02T12:00:00Z --max-items 10
  trailq lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=AssumeRole \\
      AttributeKey=ResourceName,AttributeValue=ASIAIOSFODNN7EXAMPLE
  trailq lookup-events --region us-east-1 --output text --query 'Events[].[EventTime,EventName]'
  trailq lookup-events --event-category insight

Management events only, unless --event-category says otherwise; all accounts, Regions and times.
Environment variables and configuration files of the AWS CLI are not read, AWS_REGION and
AWS_DEFAULT_REGION included: a case holds all Regions";

/// Runs the command.
pub(super) fn run(session: &mut Session, options: LookupEventsArgs) -> Result<Outcome, SessionError> {
    let ignored = options.ignored.given();
    if !ignored.is_empty() {
        let are = if ignored.len() == 1 { "is" } else { "are" };
        let options = ignored.join(", ");
        session.note(&format!("{options} {are} ignored: trailq reads the case and opens no connection"));
    }
    let region = options.region.clone();
    let client = client_options(&options)?;
    let (request, single_call) = request(options)?;
    let query = request.check(Rules::Free).map_err(Diagnostic::from)?;
    let client = ClientOptions { single_call, ..client };
    let answer = session.lookup_events(&query, &client)?;
    if let (0, Some(region)) = (answer.rows, region) {
        note_missing_region(session, &region)?;
    }
    Ok(answer.into())
}

/// Adds a note if the case has no event of the Region.
fn note_missing_region(session: &mut Session, region: &str) -> Result<(), SessionError> {
    let regions = session.case()?.info()?.regions;
    if !regions.iter().any(|(name, _)| name == region) {
        let names: Vec<String> = regions.into_iter().take(10).map(|(name, _)| name).collect();
        session.note(&format!("the case has no event of the Region `{region}`; it has {}", names.join(", ")));
    }
    Ok(())
}

/// Returns how the answer is printed.
fn client_options(options: &LookupEventsArgs) -> Result<ClientOptions, SessionError> {
    let page_size = options.page_size.map(|size| {
        let size = u64::try_from(size).ok().filter(|size| *size > 0);
        size.ok_or_else(|| Diagnostic::new("--page-size must be at least 1"))
    });
    Ok(ClientOptions {
        output: options.output.unwrap_or_default(),
        query: options.query.as_deref().map(Expression::parse).transpose()?,
        single_call: false,
        page_size: page_size.transpose()?,
    })
}

/// Returns the request of the options, and true if it is a single call.
fn request(options: LookupEventsArgs) -> Result<(Request, bool), SessionError> {
    let input = options.cli_input_json.as_deref().map(input_json).transpose()?.unwrap_or_default();
    let mut attributes = Vec::new();
    for word in &options.lookup_attributes {
        attributes.extend(attributes_of(word)?);
    }
    let time = |option: &str, text: Option<String>| {
        let unread = |text: &str| {
            let message = format!("{option} takes a time such as 2024-03-01T09:00:00Z or Unix seconds, not `{text}`");
            Diagnostic::from(RequestError::new(ErrorKind::TimeRange, message))
        };
        text.map(|text| lookup_events::time(&text).ok_or_else(|| unread(&text))).transpose()
    };
    let paginates = options.max_items.is_some() || options.page_size.is_some();
    let max_results = options.max_results.or(input.max_results.filter(|_| !paginates));
    let single_call = options.no_paginate || max_results.is_some();
    let request = Request {
        attributes: if attributes.is_empty() { input.attributes } else { attributes },
        start: time("--start-time", options.start_time)?.or(input.start),
        end: time("--end-time", options.end_time)?.or(input.end),
        category: options.event_category.or(input.category),
        max_results: max_results.or(options.max_items).or(single_call.then_some(PAGE as i64)),
        next_token: options.next_token.or(options.starting_token).or(input.next_token),
        region: options.region,
    };
    Ok((request, single_call))
}

/// Parses one word after `--lookup-attributes`.
fn attributes_of(word: &str) -> Result<Vec<Attribute>, SessionError> {
    let word = parameter("--lookup-attributes", word)?;
    Ok(lookup_events::attributes(&word).map_err(Diagnostic::from)?)
}

/// Parses the JSON of `--cli-input-json`.
fn input_json(text: &str) -> Result<Request, SessionError> {
    let text = parameter("--cli-input-json", text)?;
    let wrong = |why: String| Diagnostic::new(format!("--cli-input-json: {why}"));
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        wrong(format!("invalid JSON: {error}")).hint("write the JSON itself, or file://PATH for a file with it")
    })?;
    let Value::Object(members) = &value else { return Err(wrong("a JSON object is expected".to_owned()).into()) };
    if let Some(unknown) = members.keys().find(|key| !Request::MEMBERS.contains(&key.as_str())) {
        let near = nearest(unknown, Request::MEMBERS).first().map(|near| format!("did you mean {near}?"));
        let mut mistake = wrong(format!("`{unknown}` is not a member of a LookupEvents request"));
        mistake.hints.extend(near);
        return Err(mistake.note(format!("its members are {}", Request::MEMBERS.join(", "))).into());
    }
    Ok(Request::from_json(text.as_bytes()).map_err(|error| wrong(error.message))?)
}

/// Returns the value of an option: like the AWS CLI, the content of the file if it is `file://PATH`.
fn parameter(option: &str, text: &str) -> Result<String, SessionError> {
    let Some(path) = text.strip_prefix("file://") else { return Ok(text.to_owned()) };
    std::fs::read_to_string(path).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
            kind => kind.to_string(),
        };
        Diagnostic::new(format!("{option}: cannot read {path}: {why}")).into()
    })
}

/// Parses `--output`.
fn output(text: &str) -> Result<OutputFormat, String> {
    let instead = match text {
        "json" => return Ok(OutputFormat::Json),
        "text" => return Ok(OutputFormat::Text),
        "table" => "json or text; `trailq lookup` answers with tables",
        "yaml" | "yaml-stream" => "json, which every YAML parser reads, or text",
        "off" => "json or text; `> /dev/null` discards an answer",
        _ => "json or text",
    };
    Err(format!("use {instead}"))
}

/// Parses `--region`.
fn region(text: &str) -> Result<String, String> {
    let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if sound {
        return Ok(text.to_owned());
    }
    Err("write one Region, such as us-east-1; `trailq lookup region=us-*,eu-*` takes several".to_owned())
}
