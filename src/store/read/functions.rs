//! SQL functions of a case that is open for questions. `.help functions` lists them from [`FUNCTIONS`].

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use regex::Regex;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ToSql;
use rusqlite::{Connection, Error};

use crate::activity;
use crate::arn::Arn;
use crate::policy;
use crate::record_path;
use crate::sentence;
use crate::store::read::time_spans::TimeSpans;
use crate::store::read::{coverage_facts, distinct_count, listed_files};
use crate::store::records::block::Reader;
use crate::store::records::json_path;
use crate::store::records::json_path::{Leaf, LeafPredicate};
use crate::store::records::predicate::AnyText;
use crate::store::records::scan::Scans;
use crate::store::records::value_list::{ListCache, ValueList};
use crate::user_agent;

/// A function of SQL on a case.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its arguments, as help shows them.
    pub arguments: &'static str,
    /// The description.
    pub help: &'static str,
}

/// The functions that a case adds to SQLite's own.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "record",
        arguments: "events.id",
        help: "the original record as JSON text: record(id) ->> '$.requestParameters.bucketName'",
    },
    Function {
        name: "record_sentence",
        arguments: "events.id, outcome",
        help: "the event in words: who did or tried what, where and from where",
    },
    Function {
        name: "record_has_text",
        arguments: "events.id, text",
        help: "1 where the record contains the text, its JSON escapes decoded",
    },
    Function {
        name: "record_has_any",
        arguments: "events.id, texts",
        help: "1 where one of the texts of a JSON array is anywhere in the record",
    },
    Function {
        name: "record_matches",
        arguments: "events.id, pattern",
        help: "1 where the regular expression is found in the record, its JSON escapes decoded",
    },
    Function {
        name: "record_same",
        arguments: "events.id, path, path",
        help: "1 where a value at the one path is a value at the other",
    },
    Function {
        name: "record_value",
        arguments: "events.id, path",
        help: "the value at a path of the record as text; a JSON array where there are several",
    },
    Function {
        name: "record_values",
        arguments: "events.id, path",
        help: "the values at a path of the record as a JSON array, for json_each",
    },
    Function {
        name: "record_match",
        arguments: "events.id, path, operator, value",
        help: "1 where a value at the path compares so: = < <= > >= ~ glob present, or in with a list as of in_list",
    },
    Function {
        name: "record_scan_steps",
        arguments: "scan",
        help: "the steps of a scan of the records as a JSON array, for json_each; .explain shows scans",
    },
    Function {
        name: "record_scan",
        arguments: "scan, step",
        help: "the ids of the events that a step of a scan finds as a JSON array, for json_each",
    },
    Function {
        name: "regexp",
        arguments: "pattern, text",
        help: "1 where the regular expression is found in the text; also: text REGEXP pattern",
    },
    Function {
        name: "ip_in",
        arguments: "address, network",
        help: "1 where the address is in the network: ip_in(source_ip_address, '10.0.0.0/8')",
    },
    Function {
        name: "in_list",
        arguments: "text, list",
        help: "1 where an entry matches: in_list(user_name, '{\"exact\":[\"a\"],\"wildcards\":[\"b*\"],\"networks\":[]}')",
    },
    Function {
        name: "ends_in_list",
        arguments: "text, separators, list",
        help: "the same for the text or what follows a separator in it: ends_in_list(arn, '/:', list)",
    },
    Function {
        name: "in_spans",
        arguments: "time, spans",
        help: "1 where a time in Unix seconds is in a span, ends included: in_spans(time, '[[0,59],[120,179]]')",
    },
    Function {
        name: "distinct_count",
        arguments: "value",
        help: "the number of distinct values, an aggregate that windows take too: distinct_count(user_name) OVER (...)",
    },
    Function {
        name: "network",
        arguments: "address, bits4, bits6",
        help: "the network of an address: network('203.0.113.77', 24, 48) is 203.0.113.0/24; NULL for what is not an address",
    },
    Function {
        name: "policy_statements",
        arguments: "document",
        help: "the statements of a policy document in any form as a JSON array: effect, principals, actions, resources, condition",
    },
    Function {
        name: "agent_family",
        arguments: "user agent",
        help: "the program of a user agent, such as aws-cli or terraform; NULL where it is not known",
    },
    Function {
        name: "agent_version",
        arguments: "user agent",
        help: "the version that the program of a user agent states",
    },
    Function {
        name: "country",
        arguments: "address",
        help: "the country of an address, by the files of --geo: country(source_ip_address)",
    },
    Function {
        name: "asn",
        arguments: "address",
        help: "the number of the autonomous system of an address, by the files of --geo",
    },
    Function {
        name: "as_org",
        arguments: "address",
        help: "the organization of the autonomous system of an address, by the files of --geo",
    },
    Function {
        name: "aws_range",
        arguments: "address",
        help: "the services and the Region of AWS that use an address, by ip-ranges.json of --geo",
    },
    Function {
        name: "arn_part",
        arguments: "arn, part",
        help: "partition, service, region, account, resource, kind or name of an ARN; NULL where it is none",
    },
    Function {
        name: "coverage",
        arguments: "since, until",
        help: "the coverage of each hour as a JSON array, for json_each: what `.run coverage` shows; Unix seconds or NULL",
    },
    Function {
        name: "visible_kinds",
        arguments: "",
        help: "the kinds of events that are recorded or seen as a JSON array, for json_each: what `.run visibility` shows",
    },
    Function {
        name: "missing_digest_files",
        arguments: "",
        help: "the rowids of digest_files that the case does not have as a JSON array, for json_each",
    },
];

/// The state that functions on records share: a connection of their own, since SQLite gives a function none, and the
/// last blocks.
struct Records {
    connection: Connection,
    reader: Reader,
    scans: Scans,
    /// The event whose record was read last.
    last: i64,
    /// The number of records that were read since it was reported.
    unreported: u64,
}

impl Records {
    /// Counts the record of an event, which several functions may read.
    fn count(&mut self, id: i64) {
        if std::mem::replace(&mut self.last, id) != id {
            self.unreported += 1;
        }
        if self.unreported == RECORDS_PER_REPORT {
            activity::read_records(std::mem::take(&mut self.unreported));
        }
    }
}

/// The number of records that are read between two reports of how far a statement is.
const RECORDS_PER_REPORT: u64 = 1_024;

#[derive(Clone)]
struct Shared(Arc<Mutex<Records>>);

/// Adds the functions to a connection. `records`: a second read-only connection to the same case, which lies at `case`.
pub(crate) fn register(connection: &Connection, records: Connection, case: &Path) -> rusqlite::Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("regexp", 2, pure, regexp)?;
    connection.create_scalar_function("ip_in", 2, pure, ip_in)?;
    register_lists(connection)?;
    distinct_count::register(connection)?;
    connection.create_scalar_function("network", 3, pure, network)?;
    connection.create_scalar_function("policy_statements", 1, pure, policy_statements)?;
    connection.create_scalar_function("arn_part", 2, pure, arn_part)?;
    register_user_agents(connection)?;
    let shared = Shared(Arc::new(Mutex::new(Records {
        connection: records,
        reader: Reader::default(),
        scans: Scans::of(case.to_owned()),
        last: 0,
        unreported: 0,
    })));
    register_scans(connection, &shared)?;
    register_coverage(connection, &shared)?;
    let reads = |name, arguments, look| shared.register(connection, name, arguments, look);
    reads("record", 1, |_, record| Ok(Answer::Text(String::from_utf8_lossy(record).into_owned())))?;
    reads("record_has_text", 2, |context, record| {
        Ok(Answer::Flag(json_path::has_text(record, context.get_raw(1).as_str_or_null()?.unwrap_or_default())))
    })?;
    reads("record_has_any", 2, |context, record| {
        let texts: Arc<AnyText> = context.get_or_create_aux(1, |texts| {
            let texts = serde_json::from_str(texts.as_str()?).map(AnyText::new);
            texts.map_err(|error| in_words(format!("record_has_any: {error}")))
        })?;
        Ok(Answer::Flag(texts.stands_in(&json_path::readable(record))))
    })?;
    reads("record_matches", 2, |context, record| {
        let pattern: Arc<regex::bytes::Regex> =
            context.get_or_create_aux(1, |pattern| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
                Ok(regex::bytes::Regex::new(pattern.as_str()?)?)
            })?;
        Ok(Answer::Flag(pattern.is_match(&json_path::readable(record))))
    })?;
    reads("record_same", 3, |context, record| {
        let other: Arc<Vec<String>> = context
            .get_or_create_aux(2, |path| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
                Ok(record_path::keys(path.as_str()?))
            })?;
        let one = keys(context)?;
        Ok(Answer::Flag(json_path::have_same(record, &one, &other)))
    })?;
    register_values(connection, &shared)
}

/// Adds the functions that give or compare values of a record.
fn register_values(connection: &Connection, shared: &Shared) -> rusqlite::Result<()> {
    let reads = |name, arguments, look| shared.register(connection, name, arguments, look);
    reads("record_sentence", 2, |context, record| {
        let outcome = context.get_raw(1).as_str_or_null()?;
        Ok(sentence::of_record(record, outcome).map_or(Answer::Null, Answer::Text))
    })?;
    reads("record_values", 2, |context, record| Ok(Answer::Text(json_path::array(&leaves(context, record)?))))?;
    reads("record_value", 2, |context, record| {
        Ok(match leaves(context, record)?.as_slice() {
            [] => Answer::Null,
            [one] => Answer::Text(one.text().into_owned()),
            several => Answer::Text(json_path::array(several)),
        })
    })?;
    reads("record_match", 4, |context, record| {
        let test: Arc<LeafPredicate> = context.get_or_create_aux(3, |value| {
            let operator = context.get_raw(2).as_str()?;
            LeafPredicate::new(operator, value.as_str_or_null()?.unwrap_or_default()).map_err(in_words)
        })?;
        let leaves = json_path::leaves_and_arrays(record, &keys(context)?);
        Ok(Answer::Flag(leaves.iter().any(|leaf| test.passes(leaf))))
    })?;
    Ok(())
}

/// Adds the functions that name the program of a user agent.
fn register_user_agents(connection: &Connection) -> rusqlite::Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("agent_family", 1, pure, |context| {
        let text = context.get_raw(0).as_str_or_null()?;
        Ok(text.and_then(user_agent::program).map(|program| program.family))
    })?;
    connection.create_scalar_function("agent_version", 1, pure, |context| {
        let text = context.get_raw(0).as_str_or_null()?;
        Ok(text.and_then(user_agent::program).and_then(|program| program.version.map(str::to_owned)))
    })
}

/// Adds the functions that look a value up in a list.
fn register_lists(connection: &Connection) -> rusqlite::Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let lists = ListCache::default();
    let list = move |context: &Context<'_>, argument: usize| -> Result<Arc<ValueList>, Error> {
        let list: Arc<Arc<ValueList>> =
            context.get_or_create_aux(argument as i32, |list| lists.get(list.as_str()?).map_err(in_words))?;
        Ok(Arc::clone(&list))
    };
    let ends = list.clone();
    connection.create_scalar_function("in_list", 2, pure, move |context| {
        let text = context.get_raw(0).as_str_or_null()?;
        text.map(|text| Ok(list(context, 1)?.matches(text))).transpose()
    })?;
    connection.create_scalar_function("ends_in_list", 3, pure, move |context| {
        let text = context.get_raw(0).as_str_or_null()?;
        text.map(|text| Ok(ends(context, 2)?.matches_end(text, context.get_raw(1).as_str()?))).transpose()
    })?;
    connection.create_scalar_function("in_spans", 2, pure, |context| {
        let spans: Arc<TimeSpans> =
            context.get_or_create_aux(1, |spans| TimeSpans::parse(spans.as_str()?).map_err(in_words))?;
        Ok(context.get_raw(0).as_i64_or_null()?.map(|time| spans.contain(time)))
    })
}

/// Adds the functions that scan records. What they give depends on the case alone, but each step is taken only once.
fn register_scans(connection: &Connection, shared: &Shared) -> rusqlite::Result<()> {
    let steps = shared.clone();
    connection.create_scalar_function("record_scan_steps", 1, FunctionFlags::SQLITE_UTF8, move |context| {
        let mut records = steps.lock();
        let Records { connection, scans, .. } = &mut *records;
        let steps = scans.begin(connection, context.get_raw(0).as_str()?)?;
        Ok(serde_json::Value::from_iter(0..steps).to_string())
    })?;
    let shared = shared.clone();
    connection.create_scalar_function("record_scan", 2, FunctionFlags::SQLITE_UTF8, move |context| {
        let step = usize::try_from(context.get_raw(1).as_i64()?).unwrap_or(usize::MAX);
        let mut records = shared.lock();
        let Records { connection, scans, .. } = &mut *records;
        let ids = scans.step(connection, context.get_raw(0).as_str()?, step)?;
        Ok(serde_json::Value::from(ids).to_string())
    })
}

/// Adds the functions about what the case covers. What they give depends on the case alone.
fn register_coverage(connection: &Connection, shared: &Shared) -> rusqlite::Result<()> {
    let (spans, kinds, missing) = (shared.clone(), shared.clone(), shared.clone());
    let flags = FunctionFlags::SQLITE_UTF8;
    connection.create_scalar_function("coverage", 2, flags, move |context| {
        let period = (context.get_raw(0).as_i64_or_null()?, context.get_raw(1).as_i64_or_null()?);
        let mut records = spans.lock();
        let Records { connection, reader, .. } = &mut *records;
        coverage_facts::spans_as_json(connection, reader, period)
    })?;
    connection.create_scalar_function("visible_kinds", 0, flags, move |_| {
        let mut records = kinds.lock();
        let Records { connection, reader, .. } = &mut *records;
        coverage_facts::kinds_as_json(connection, reader)
    })?;
    connection.create_scalar_function("missing_digest_files", 0, flags, move |_| {
        listed_files::missing_as_json(&missing.lock().connection)
    })
}

/// Returns an error of a function, in words.
fn in_words(message: String) -> Box<dyn std::error::Error + Send + Sync> {
    message.into()
}

/// The result of a function on a record.
enum Answer {
    Null,
    Flag(bool),
    Text(String),
}

impl ToSql for Answer {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Answer::Null => Ok(rusqlite::types::Null.into()),
            Answer::Flag(flag) => flag.to_sql(),
            Answer::Text(text) => text.to_sql(),
        }
    }
}

type Look = fn(&Context<'_>, &[u8]) -> Result<Answer, Error>;

impl Shared {
    /// Adds a function on the record of the event whose id is its first argument.
    fn register(&self, connection: &Connection, name: &str, arguments: i32, look: Look) -> rusqlite::Result<()> {
        let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        let shared = self.clone();
        connection.create_scalar_function(name, arguments, pure, move |context| shared.with(context, look))
    }

    /// Locks the cache: a panic while the lock was held leaves at worst an empty cache.
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies `look` to the record of the event whose id is the first argument.
    fn with(&self, context: &Context<'_>, look: Look) -> Result<Answer, Error> {
        let id = match context.get_raw(0) {
            rusqlite::types::ValueRef::Null => return Ok(Answer::Null),
            rusqlite::types::ValueRef::Text(text) => std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()),
            other => other.as_i64().ok(),
        };
        let Some(id) = id else { return Ok(Answer::Null) };
        let mut records = self.lock();
        records.count(id);
        let Records { connection, reader, .. } = &mut *records;
        reader.with(connection, id, |record| look(context, record))?.unwrap_or(Ok(Answer::Null))
    }
}

/// Returns the keys of the path that is the second argument.
fn keys(context: &Context<'_>) -> Result<Arc<Vec<String>>, Error> {
    context.get_or_create_aux(1, |path| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
        Ok(record_path::keys(path.as_str()?))
    })
}

/// Returns the values at the path that is the second argument.
fn leaves(context: &Context<'_>, record: &[u8]) -> Result<Vec<Leaf>, Error> {
    Ok(json_path::leaves(record, &keys(context)?))
}

fn regexp(context: &Context<'_>) -> Result<Option<bool>, Error> {
    let pattern: Arc<Regex> = context
        .get_or_create_aux(0, |pattern| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            Ok(Regex::new(pattern.as_str()?)?)
        })?;
    Ok(context.get_raw(1).as_str_or_null()?.map(|text| pattern.is_match(text)))
}

fn ip_in(context: &Context<'_>) -> Result<Option<bool>, Error> {
    let network: Arc<IpNet> =
        context.get_or_create_aux(1, |network| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            let text = network.as_str()?;
            let single = text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or(single).map_err(|_| in_words(format!("{text} is not a network")))
        })?;
    let address = context.get_raw(0).as_str_or_null()?;
    Ok(address.map(|text| text.parse::<IpAddr>().is_ok_and(|address| network.contains(&address))))
}

fn policy_statements(context: &Context<'_>) -> Result<Option<String>, Error> {
    let document = context.get_raw(0).as_str_or_null()?;
    Ok(document.and_then(policy::statements).map(|statements| statements.to_string()))
}

fn network(context: &Context<'_>) -> Result<Option<String>, Error> {
    let Some(Ok(address)) = context.get_raw(0).as_str_or_null()?.map(str::parse::<IpAddr>) else { return Ok(None) };
    let bits = context.get_raw(if address.is_ipv4() { 1 } else { 2 }).as_i64()?;
    let network = u8::try_from(bits).ok().and_then(|bits| IpNet::new(address, bits).ok());
    let network = network.ok_or_else(|| Error::UserFunctionError(in_words(format!("no network has {bits} bits"))))?;
    Ok(Some(network.trunc().to_string()))
}

fn arn_part(context: &Context<'_>) -> Result<Option<String>, Error> {
    let Some(arn) = context.get_raw(0).as_str_or_null()?.and_then(Arn::parse) else { return Ok(None) };
    let part = context.get_raw(1).as_str()?;
    match arn.part(part) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(Error::UserFunctionError(in_words(format!(
            "arn_part knows no part {part}: partition, service, region, account, resource, kind and name"
        )))),
    }
}
