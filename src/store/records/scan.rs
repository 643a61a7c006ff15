//! Looks through records for those that meet a condition: block after block, by several threads, and only those blocks
//! that may hold one.
//!
//! A scan is asked for in steps, so that a statement with a LIMIT ends it early, and an interrupt is heard.

use std::collections::VecDeque;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rusqlite::{Connection, Error, OptionalExtension};
use serde::Deserialize;

use crate::activity;
use crate::store::open::open_read_only;
use crate::store::records::block::{Block, Unpacker, are_plain};
use crate::store::records::ngram_filter;
use crate::store::records::ngram_filter::{Candidates, Span};
use crate::store::records::predicate::{PredicateSpec, RecordPredicate};

/// The groups of records that the first step reads; each step reads twice as many as the one before,
const FIRST_STEP: usize = 4;
/// up to this many, which takes a few hundredths of a second.
const LARGEST_STEP: usize = 64;
/// Threads that read at once; each unpacks one block at a time.
const MAX_THREADS: usize = 8;
/// A list of more texts is not looked up in the filters of the groups.
const MAX_TEXTS_FILTERED: usize = 2_000;
/// Plain records that are read as a group.
const PLAIN_RECORDS: i64 = 256;
/// Maximum number of unfinished scans in the cache.
const MAX_SCANS: usize = 2;

/// A scan as it is written in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The predicate on the records.
    r#where: PredicateSpec,
    /// Unix seconds: nothing before needs to be found,
    from: Option<i64>,
    /// and nothing after.
    to: Option<i64>,
    /// True if events are given newest first, those of one second by event id.
    #[serde(default)]
    newest_first: bool,
}

impl Question {
    fn read(text: &str) -> Result<(Question, RecordPredicate), Error> {
        let words = |error: String| Error::UserFunctionError(format!("record_scan: {error}").into());
        let mut question: Question = serde_json::from_str(text).map_err(|error| words(error.to_string()))?;
        let written = std::mem::replace(&mut question.r#where, PredicateSpec::Any { any: Vec::new() });
        Ok((question, RecordPredicate::new(written).map_err(words)?))
    }
}

/// Returns how many groups of records a scan may have to read, and the number of all groups.
pub(crate) fn size(connection: &Connection, question: &str) -> rusqlite::Result<(u64, u64)> {
    let (question, condition) = Question::read(question)?;
    let found = candidates(connection, &question, &condition)?;
    Ok((found.spans.len() as u64, found.of))
}

/// Returns what a scan has to read. Plain records have no filters: all of the period are read.
fn candidates(
    connection: &Connection,
    question: &Question,
    condition: &RecordPredicate,
) -> rusqlite::Result<Candidates> {
    candidates_between(connection, condition, question.from, question.to)
}

/// Returns the groups of all times that may hold a record that meets a predicate.
pub(crate) fn spans(connection: &Connection, predicate: &RecordPredicate) -> rusqlite::Result<Vec<Span>> {
    Ok(candidates_between(connection, predicate, None, None)?.spans)
}

fn candidates_between(
    connection: &Connection,
    condition: &RecordPredicate,
    from: Option<i64>,
    to: Option<i64>,
) -> rusqlite::Result<Candidates> {
    // Of many texts nearly every group may hold one.
    let mut needs = condition.needs();
    needs.retain(|any| any.len() <= MAX_TEXTS_FILTERED);
    let mut found = ngram_filter::candidates(connection, &needs, from, to)?;
    if !are_plain(connection)? {
        return Ok(found);
    }
    let mut select = connection.prepare_cached(
        "SELECT min(id), max(id), ifnull(min(time), ?2), ifnull(max(time), ?1) FROM events \
         WHERE id BETWEEN (SELECT min(id) FROM records) AND (SELECT max(id) FROM records) GROUP BY id / ?3",
    )?;
    let mut rows = select.query([i64::MIN, i64::MAX, PLAIN_RECORDS])?;
    while let Some(row) = rows.next()? {
        found.of += 1;
        let (oldest, newest): (i64, i64) = (row.get(2)?, row.get(3)?);
        if from.is_none_or(|from| newest >= from) && to.is_none_or(|to| oldest <= to) {
            found.spans.push(Span { blocks: (row.get(0)?, row.get(1)?), newest });
        }
    }
    Ok(found)
}

/// The scans of a case, and what they read it with.
pub(crate) struct Scans {
    case: PathBuf,
    threads: usize,
    readers: Vec<Reader>,
    under_way: VecDeque<Scan>,
}

impl Scans {
    pub(crate) fn of(case: PathBuf) -> Scans {
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
        Scans { case, threads, readers: Vec::new(), under_way: VecDeque::new() }
    }

    /// Begins a scan, and returns the number of its steps.
    pub(crate) fn begin(&mut self, connection: &Connection, question: &str) -> rusqlite::Result<usize> {
        let scan = Scan::new(connection, question)?;
        activity::expect(scan.spans.len() as u64);
        let steps = scan.steps();
        self.under_way.retain(|scan| scan.question != question);
        self.under_way.push_back(scan);
        if self.under_way.len() > MAX_SCANS {
            self.under_way.pop_front();
        }
        Ok(steps)
    }

    /// Returns the ids of the events that a step finds; steps are numbered from 0.
    pub(crate) fn step(&mut self, connection: &Connection, question: &str, step: usize) -> rusqlite::Result<Vec<i64>> {
        let at = self.under_way.iter().position(|scan| scan.question == question && scan.step == step);
        let mut scan = match at.and_then(|at| self.under_way.remove(at)) {
            Some(scan) => scan,
            None => Scan::new(connection, question)?,
        };
        loop {
            while self.readers.len() < self.threads.min(scan.spans.len()) {
                self.readers.push(Reader::open(&self.case)?);
            }
            let ids = scan.next(&mut self.readers)?;
            if scan.step > step {
                if !scan.is_over() {
                    self.under_way.push_back(scan);
                }
                return Ok(ids);
            }
            if scan.is_over() {
                return Ok(Vec::new());
            }
        }
    }
}

/// A scan under way.
struct Scan {
    question: String,
    condition: RecordPredicate,
    newest_first: bool,
    /// The spans to read, in this order.
    spans: Vec<Span>,
    read: usize,
    /// The step that comes next.
    step: usize,
    /// Events that were found and are not newer than all that is unread.
    waiting: Vec<Hit>,
}

/// An event that was found.
struct Hit {
    id: i64,
    /// Known where the order asks for it.
    time: Option<i64>,
    event_id: String,
}

impl Scan {
    fn new(connection: &Connection, text: &str) -> rusqlite::Result<Scan> {
        let (question, condition) = Question::read(text)?;
        let mut spans = candidates(connection, &question, &condition)?.spans;
        if question.newest_first {
            spans.sort_by_key(|span| std::cmp::Reverse(span.newest));
        }
        let (text, newest_first) = (text.to_owned(), question.newest_first);
        Ok(Scan { question: text, condition, newest_first, spans, read: 0, step: 0, waiting: Vec::new() })
    }

    /// Returns the number of spans of a step.
    fn size_of(step: usize) -> usize {
        LARGEST_STEP.min(FIRST_STEP << step.min(16))
    }

    fn steps(&self) -> usize {
        let mut left = self.spans.len();
        let mut steps = 0;
        while left > 0 {
            left = left.saturating_sub(Scan::size_of(steps));
            steps += 1;
        }
        steps
    }

    fn is_over(&self) -> bool {
        self.read == self.spans.len()
    }

    /// Takes the next step.
    fn next(&mut self, readers: &mut [Reader]) -> rusqlite::Result<Vec<i64>> {
        let to = self.spans.len().min(self.read + Scan::size_of(self.step));
        let spans = &self.spans[self.read..to];
        let threads = readers.len().min(spans.len());
        let found = look_through(spans, &self.condition, self.newest_first, &mut readers[..threads])?;
        activity::advance(spans.len() as u64);
        self.read = to;
        self.step += 1;
        if !self.newest_first {
            return Ok(found.into_iter().map(|hit| hit.id).collect());
        }
        self.waiting.extend(found);
        let mut ready = match self.spans.get(self.read) {
            // One of the same second may be among the unread, and come first.
            Some(unread) => {
                self.waiting.extract_if(.., |hit| hit.time.is_some_and(|time| time > unread.newest)).collect()
            }
            None => std::mem::take(&mut self.waiting),
        };
        ready.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.event_id.cmp(&b.event_id)));
        Ok(ready.into_iter().map(|hit| hit.id).collect())
    }
}

/// Returns the records of these spans that match, in their order. Each reader has a thread of its own.
fn look_through(
    spans: &[Span],
    condition: &RecordPredicate,
    with_time: bool,
    readers: &mut [Reader],
) -> rusqlite::Result<Vec<Hit>> {
    in_parallel(spans, readers, |reader, span| reader.look_through(span, condition, with_time))
}

/// Gives each item to one of the readers, each of which has a thread of its own, and returns what they find in the order of
/// the items.
pub(crate) fn in_parallel<I: Sync, T: Send>(
    items: &[I],
    readers: &mut [Reader],
    look: impl Fn(&mut Reader, &I) -> rusqlite::Result<Vec<T>> + Sync,
) -> rusqlite::Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let found: Mutex<Found<T>> = Mutex::default();
    let work = |reader: &mut Reader| -> rusqlite::Result<()> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return Ok(()) };
            let hits = look(reader, item)?;
            found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, hits));
        }
    };
    if let [reader] = readers {
        work(reader)?;
    } else {
        thread::scope(|scope| {
            let threads: Vec<_> = readers.iter_mut().map(|reader| scope.spawn(|| work(reader))).collect();
            let died = |_| Err(Error::UserFunctionError("a thread that reads records died".into()));
            threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(died))
        })?;
    }
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_unstable_by_key(|(at, _)| *at);
    Ok(found.into_iter().flat_map(|(_, hits)| hits).collect())
}

/// The finds of items, each with the index of its item.
type Found<T> = Vec<(usize, Vec<T>)>;

/// A connection that reads records from one end to the other.
pub(crate) struct RecordConnection {
    pub(crate) connection: Connection,
    /// True if records may be plain text.
    plain: bool,
}

impl RecordConnection {
    pub(crate) fn open(case: &Path) -> rusqlite::Result<RecordConnection> {
        let connection = open_read_only(case).map_err(|error| Error::UserFunctionError(Box::new(error)))?;
        // Every page is read once.
        connection.execute_batch("PRAGMA cache_size = -1024")?;
        let plain = are_plain(&connection)?;
        Ok(RecordConnection { connection, plain })
    }

    /// Calls `look` with the id and the bytes of each record of a span, in order.
    pub(crate) fn each_record(
        &self,
        span: &Span,
        unpacker: &mut Unpacker,
        block: &mut Block,
        mut look: impl FnMut(i64, &[u8]) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let connection = &self.connection;
        let mut select = connection
            .prepare_cached("SELECT id, dictionary, data FROM record_blocks WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
        let mut rows = select.query(span.blocks)?;
        while let Some(row) = rows.next()? {
            let first = unpacker.unpack_row(connection, row, block)?;
            for (id, record) in (first..).zip(block.records()) {
                look(id, record)?;
            }
        }
        if self.plain {
            let sql = "SELECT id, record FROM records WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
            let mut select = connection.prepare_cached(sql)?;
            let mut rows = select.query(span.blocks)?;
            while let Some(row) = rows.next()? {
                look(row.get(0)?, row.get_ref(1)?.as_bytes()?)?;
            }
        }
        Ok(())
    }
}

/// Reads blocks of records, by a connection of its own.
pub(crate) struct Reader {
    pub(crate) connection: RecordConnection,
    pub(crate) unpacker: Unpacker,
    pub(crate) block: Block,
}

impl Reader {
    pub(crate) fn open(case: &Path) -> rusqlite::Result<Reader> {
        let connection = RecordConnection::open(case)?;
        Ok(Reader { connection, unpacker: Unpacker::default(), block: Block::default() })
    }

    fn look_through(
        &mut self,
        span: &Span,
        condition: &RecordPredicate,
        with_time: bool,
    ) -> rusqlite::Result<Vec<Hit>> {
        let mut event = self.connection.connection.prepare_cached("SELECT time, event_id FROM events WHERE id = ?1")?;
        let mut hits = Vec::new();
        let look = |id: i64, record: &[u8]| -> rusqlite::Result<()> {
            if !condition.is_met_by(record) {
                return Ok(());
            }
            if !with_time {
                hits.push(Hit { id, time: None, event_id: String::new() });
                return Ok(());
            }
            // A record that proved to be a duplicate has no event.
            let found = event.query_row([id], |row| Ok(Hit { id, time: row.get(0)?, event_id: row.get(1)? }));
            hits.extend(found.optional()?);
            Ok(())
        };
        self.connection.each_record(span, &mut self.unpacker, &mut self.block, look)?;
        Ok(hits)
    }
}
