//! Reads the facts that coverage is derived from, and finds the files that digests list and the case does not have.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::coverage::{
    Action, Category, Change, Coverage, DELIVERY_MARGIN, DigestPeriod, DigestTrail, Download, EventCount, Facts,
    FileKind, FileTimes, HOUR, NewestValidation, Place, Selection, SourcePeriod, TrailId, TrailSettings,
    ValidationFinding, data_kind_of_call, insights_of, selection_of,
};
use crate::store::read::listed_files::{self, Presence};
use crate::store::records::block::Reader;
use crate::time;
use crate::validate::Verdict;

/// Calls that change a trail, if they succeeded.
const ACTIONS: &str = "SELECT e.id, e.time, e.event_name, e.recipient_account_id, e.aws_region FROM events e \
     WHERE e.event_name IN ('StopLogging', 'StartLogging', 'DeleteTrail', 'CreateTrail', 'UpdateTrail', \
     'PutEventSelectors', 'PutInsightSelectors') AND +e.event_source = 'cloudtrail.amazonaws.com' \
     AND +e.outcome = 'ok' AND e.time IS NOT NULL";
/// Events that are known only from Event history, by file, facet and hour.
const DOWNLOADED: &str = "SELECT e.file_id, e.facet_id, e.time / 3600, count(*), min(e.time), max(e.time) FROM events e \
     WHERE e.time IS NOT NULL AND (e.file_id IN (SELECT id FROM files WHERE format = 'lookup-events') \
     OR e.id IN (SELECT id FROM csv_events)) GROUP BY 1, 2, 3";
const HAS_DOWNLOADS: &str = "SELECT EXISTS (SELECT 1 FROM files WHERE format = 'lookup-events') \
     OR EXISTS (SELECT 1 FROM csv_events)";
/// Delivered files of which no record could be read. Versions of trailq without a status count their rejects.
const UNREAD: &str = "SELECT account_id, region, delivered_at, path FROM files WHERE delivered_at IS NOT NULL \
     AND stored = 0 AND duplicate = 0 AND (status = 'rejected' OR status IS NULL AND rejected > 0) \
     AND format IS NOT 'digest'";
/// Delivered files that imports left out.
const LEFT_OUT: &str = "SELECT account_id, region, delivered_at, path FROM files \
     WHERE delivered_at IS NOT NULL AND status = 'left out'";
const DELIVERIES: &str = "SELECT DISTINCT account_id, region, delivered_at FROM files \
     WHERE delivered_at IS NOT NULL AND format IS NOT 'digest'";
const IS_SELECTION: &str = "SELECT EXISTS (SELECT 1 FROM files WHERE partial) \
     OR EXISTS (SELECT 1 FROM provenance WHERE selection IS NOT NULL)";

const NEWEST_VALIDATION: &str =
    "SELECT id, validated_at, since, until FROM validations ORDER BY validated_at DESC, id DESC LIMIT 1";
const VALIDATION_FINDINGS: &str =
    "SELECT account, region, verdict, files, from_time, to_time FROM validation_findings WHERE validation = ?1";

/// Returns the runs of hours as a JSON array of objects, for the SQL function `coverage`.
pub(crate) fn spans_as_json(
    connection: &Connection,
    reader: &mut Reader,
    period: (Option<i64>, Option<i64>),
) -> rusqlite::Result<String> {
    let coverage = Coverage::of(&facts(connection, reader)?, period);
    let validation = newest_validation(connection)?;
    let hour = |hour: i64| time::format(hour.saturating_mul(HOUR));
    let rows = coverage.spans.into_iter().map(|span| {
        let place = Place { account: span.account, region: span.region };
        let validation = validation.as_ref().and_then(|newest| newest.describe(&place, (span.from, span.to)));
        json!({
            "account": place.account, "aws_region": place.region, "category": span.category.name(),
            "from_time": hour(span.from), "to_time": hour(span.to), "hours": span.to - span.from,
            "state": span.state.name(), "events": span.events, "missing_files": span.missing_files, "why": span.why,
            "validation": validation,
        })
    });
    Ok(rows.collect::<Value>().to_string())
}

/// Reads the newest validation that the case keeps.
fn newest_validation(connection: &Connection) -> rusqlite::Result<Option<NewestValidation>> {
    let newest = connection.query_row(NEWEST_VALIDATION, [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, (instant(row, 2)?, instant(row, 3)?)))
    });
    let Some((id, at, period)) = newest.optional()? else { return Ok(None) };
    let mut select = connection.prepare(VALIDATION_FINDINGS)?;
    let mut rows = select.query([id])?;
    let mut findings = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(place) = place(row, 0, 1)? else { continue };
        let verdict: String = row.get(2)?;
        let rank = Verdict::ALL.iter().position(|known| known.name() == verdict).unwrap_or(Verdict::ALL.len());
        findings.push(ValidationFinding {
            place,
            verdict: (rank, verdict),
            files: row.get(3)?,
            from: instant(row, 4)?,
            to: instant(row, 5)?,
        });
    }
    Ok(Some(NewestValidation::new(at, period, findings)))
}

/// Returns the kinds of events as a JSON array of objects, for the SQL function `visible_kinds`.
pub(crate) fn kinds_as_json(connection: &Connection, reader: &mut Reader) -> rusqlite::Result<String> {
    let coverage = Coverage::of(&facts(connection, reader)?, (None, None));
    let rows = coverage.kinds.into_iter().map(|kind| {
        json!({
            "account": kind.account, "aws_region": kind.region, "category": kind.category.name(),
            "event_source": kind.source, "resource_type": kind.resource_type, "state": kind.knowledge.name(),
            "from_time": kind.from.map(time::format), "to_time": kind.to.map(time::format), "events": kind.events,
            "trail": kind.trail, "limits": Some(kind.limits).filter(|limits| !limits.is_empty()),
        })
    });
    Ok(rows.collect::<Value>().to_string())
}

/// Reads the facts of a case.
pub(crate) fn facts(connection: &Connection, reader: &mut Reader) -> rusqlite::Result<Facts> {
    let mut facts = Facts { is_selection: flag(connection, IS_SELECTION)?, ..Facts::default() };
    let facets = facets(connection, &mut facts)?;
    add_counts(connection, &facets, &mut facts)?;
    add_digests(connection, &mut facts)?;
    facts.unread = each(connection, UNREAD, |row| {
        let (place, delivered) = (place(row, 0, 1)?, instant(row, 2)?);
        let kind = FileKind::of_name(&row.get::<_, String>(3)?);
        let (Some(place), Some(to), Some(kind)) = (place, delivered, kind) else { return Ok(None) };
        Ok(Some(FileTimes { place, kind, from: to - DELIVERY_MARGIN, to }))
    })?;
    facts.left_out = left_out(connection)?;
    facts.actions = actions(connection, reader)?;
    if facts.actions.iter().any(|action| matches!(action.change, Change::Stop | Change::Delete | Change::Update(_))) {
        facts.deliveries = each(connection, DELIVERIES, |row| Ok(place(row, 0, 1)?.zip(instant(row, 2)?)))?;
    }
    Ok(facts)
}

/// Returns the times of files that imports left out, without those of which the case has a copy.
fn left_out(connection: &Connection) -> rusqlite::Result<Vec<FileTimes>> {
    let found = each(connection, LEFT_OUT, |row| {
        let (place, delivered, path) = (place(row, 0, 1)?, instant(row, 2)?, row.get::<_, String>(3)?);
        Ok(place.zip(delivered).zip(FileKind::of_name(&path)).map(|((place, to), kind)| (path, place, to, kind)))
    })?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let names = listed_files::readable_names(connection)?;
    let mut seen = HashSet::new();
    let left_out = found.into_iter().filter_map(|(path, place, to, kind)| {
        let is_new = !names.contains(listed_files::key(&path)) && seen.insert((place.clone(), to, kind));
        is_new.then_some(FileTimes { place, kind, from: to - DELIVERY_MARGIN, to })
    });
    Ok(left_out.collect())
}

/// Asks for rows, and leaves out those that say nothing.
fn each<T>(
    connection: &Connection,
    sql: &str,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(read(row)?);
    }
    Ok(found)
}

fn flag(connection: &Connection, sql: &str) -> rusqlite::Result<bool> {
    connection.query_row(sql, [], |row| row.get(0))
}

fn place(row: &Row<'_>, account: usize, region: usize) -> rusqlite::Result<Option<Place>> {
    let (account, region): (Option<String>, Option<String>) = (row.get(account)?, row.get(region)?);
    Ok(account.zip(region).map(|(account, region)| Place { account, region }))
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i64>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.and_then(time::parse))
}

/// The facets of events whose account, Region and category are known. There may be many to one place and category.
#[derive(Default)]
struct Facets {
    groups: Vec<(Place, Category)>,
    /// The places in `groups`, by id.
    ids: FxHashMap<i64, usize>,
}

fn facets(connection: &Connection, facts: &mut Facts) -> rusqlite::Result<Facets> {
    let sql = "SELECT id, recipient_account_id, aws_region, event_category, management_event, event_source, event_name, \
               events, first_seen, last_seen FROM facets";
    let mut facets = Facets::default();
    let mut known: HashMap<(Place, Category), usize> = HashMap::new();
    facts.sources = each(connection, sql, |row| {
        let Some(place) = place(row, 1, 2)? else { return Ok(None) };
        let (named, is_management): (Option<String>, Option<bool>) = (row.get(3)?, row.get(4)?);
        let source = row.get::<_, Option<String>>(5)?.unwrap_or_default();
        let is_unnamed = named.is_none() && is_management.is_none();
        let name = row.get_ref(6)?.as_str_or_null()?.filter(|_| is_unnamed);
        let is_early_data = name.is_some_and(|name| data_kind_of_call(name, Some(&source)).is_some());
        let category = Category::of_event(named.as_deref(), if is_early_data { Some(false) } else { is_management });
        let Some(category) = category else { return Ok(None) };
        let group = *known.entry((place.clone(), category)).or_insert_with_key(|group| {
            facets.groups.push(group.clone());
            facets.groups.len() - 1
        });
        facets.ids.insert(row.get(0)?, group);
        let period = instant(row, 8)?.zip(instant(row, 9)?);
        Ok(Some(SourcePeriod { place, category, source, events: row.get(7)?, period }))
    })?;
    Ok(facets)
}

/// Adds the numbers of events by hour, and the ranges of Event history downloads.
fn add_counts(connection: &Connection, facets: &Facets, facts: &mut Facts) -> rusqlite::Result<()> {
    // By group and hour.
    type Counts = FxHashMap<(usize, i64), u64>;
    let mut counts = Counts::default();
    each(connection, "SELECT facet, hour / 3600, events FROM hourly_counts", |row| {
        if let Some(group) = facets.ids.get(&row.get::<_, i64>(0)?) {
            *counts.entry((*group, row.get(1)?)).or_default() += row.get::<_, u64>(2)?;
        }
        Ok(None::<()>)
    })?;
    let mut downloaded = Counts::default();
    let mut ranges: HashMap<(i64, &Place), (i64, i64)> = HashMap::new();
    if flag(connection, HAS_DOWNLOADS)? {
        each(connection, DOWNLOADED, |row| {
            let Some(group) = facets.ids.get(&row.get::<_, i64>(1)?) else { return Ok(None::<()>) };
            let (key, (place, _)) = ((*group, row.get(2)?), &facets.groups[*group]);
            let events = row.get::<_, u64>(3)?;
            *downloaded.entry(key).or_default() += events;
            if let Some(all) = counts.get_mut(&key) {
                *all = all.saturating_sub(events);
            }
            let (from, to): (i64, i64) = (row.get(4)?, row.get(5)?);
            let range = ranges.entry((row.get(0)?, place)).or_insert((from, to));
            *range = (range.0.min(from), range.1.max(to));
            Ok(None)
        })?;
    }
    let count = |((group, hour), events): ((usize, i64), u64)| {
        let (place, category) = &facets.groups[group];
        EventCount { place: place.clone(), category: *category, hour, events }
    };
    let listed = |counts: Counts| counts.into_iter().filter(|(_, events)| *events > 0).map(count).collect();
    (facts.events, facts.downloaded) = (listed(counts), listed(downloaded));
    let range = |((_, place), (from, to)): ((i64, &Place), (i64, i64))| Download { place: place.clone(), from, to };
    facts.downloads = ranges.into_iter().map(range).collect();
    Ok(())
}

/// Adds the periods of digests, and the listed files that are missing or differ.
fn add_digests(connection: &Connection, facts: &mut Facts) -> rusqlite::Result<()> {
    let sql = "SELECT d.id, d.aws_account_id, f.region, d.digest_start_time, d.digest_end_time, d.digest_s3_object \
               FROM digests d LEFT JOIN files f ON f.id = d.file_id";
    let mut places: HashMap<i64, (Place, i64, i64)> = HashMap::new();
    facts.digests = each(connection, sql, |row| {
        let (account, region): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
        let key: Option<String> = row.get(5)?;
        let (named_region, trail) = key.as_deref().map_or((None, None), named_in_key);
        let place = account.zip(named_region.or(region)).map(|(account, region)| Place { account, region });
        let (Some(place), Some(from), Some(to)) = (place, instant(row, 3)?, instant(row, 4)?) else { return Ok(None) };
        places.insert(row.get(0)?, (place.clone(), from, to));
        // A digest whose key does not name the trail lists files all the same.
        Ok(trail.map(|trail| DigestPeriod { place, trail, from, to }))
    })?;
    for file in listed_files::all(connection)? {
        let Some((place, start, end)) = places.get(&file.digest) else { continue };
        let Some(kind) = file.s3_object.as_deref().map_or(Some(FileKind::Events), FileKind::of_name) else { continue };
        let (from, to) = file.event_times.unwrap_or((start - DELIVERY_MARGIN, end - 1));
        let times = FileTimes { place: place.clone(), kind, from, to };
        match file.presence {
            Presence::Missing => facts.missing.push(times),
            Presence::Altered => facts.altered.push(times),
            // Its row in the ledger says when it was delivered.
            Presence::LeftOut | Presence::Present => {}
        }
    }
    Ok(())
}

/// Returns the Region and the trail that the key of a digest names (`guide/internals/formats.md`, 5): names of trails may
/// contain `_`, so that both ends are read.
fn named_in_key(key: &str) -> (Option<String>, Option<DigestTrail>) {
    let parts: Vec<&str> = key.split('/').collect();
    let Some(at) = parts.iter().position(|part| *part == "CloudTrail-Digest") else { return (None, None) };
    let Some(region) = parts.get(at + 1).copied() else { return (None, None) };
    let is_organization = at >= 2 && parts.get(at - 2).is_some_and(|part| part.starts_with("o-"));
    let named = || {
        let name = parts.last()?.split_once("_CloudTrail-Digest_")?.1.strip_prefix(region)?.strip_prefix('_')?;
        let name = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".json")?;
        let name = name.strip_suffix("_backfill").unwrap_or(name);
        let (name, _) = name.rsplit_once('_')?;
        let (name, home) = name.rsplit_once('_')?;
        Some(DigestTrail { name: name.to_owned(), home: home.to_owned(), is_organization })
    };
    (Some(region.to_owned()), named())
}

/// Reads what was done to trails.
fn actions(connection: &Connection, reader: &mut Reader) -> rusqlite::Result<Vec<Action>> {
    let calls = each(connection, ACTIONS, |row| {
        let Some(place) = place(row, 3, 4)? else { return Ok(None) };
        Ok(Some((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, place)))
    })?;
    let mut actions = Vec::new();
    for (id, time, name, place) in calls {
        let record = reader.with(connection, id, |record| serde_json::from_slice::<Value>(record).ok())?.flatten();
        // A row of a CSV download has no parameters: the trail is not known.
        let Some(record) = record else { continue };
        let (request, response) = (&record["requestParameters"], &record["responseElements"]);
        let Some(trail) = trail_of(request, response, &place) else { continue };
        let stated = |name: &str| response.get(name).or_else(|| request.get(name)).and_then(Value::as_bool);
        let settings = || TrailSettings {
            is_multi_region: stated("isMultiRegionTrail"),
            is_organization: stated("isOrganizationTrail"),
        };
        let change = match name.as_str() {
            "StopLogging" => Some(Change::Stop),
            "StartLogging" => Some(Change::Start),
            "DeleteTrail" => Some(Change::Delete),
            "CreateTrail" => Some(Change::Create(settings())),
            "UpdateTrail" => Some(Change::Update(settings())),
            "PutEventSelectors" => {
                let selection: Option<Selection> = selection_of(response).or_else(|| selection_of(request));
                selection.map(Change::Select)
            }
            _ => insights_of(response).or_else(|| insights_of(request)).map(Change::Insights),
        };
        actions.extend(change.map(|change| Action { trail, time, change }));
    }
    Ok(actions)
}

/// Returns the trail that a call is about. A name alone means a trail of the account and the Region of the call.
fn trail_of(request: &Value, response: &Value, place: &Place) -> Option<TrailId> {
    let text = |call: &Value, name: &str| call.get(name).and_then(Value::as_str).map(str::to_owned);
    let asked = || text(request, "name").or_else(|| text(request, "trailName"));
    let named = text(response, "trailARN").or_else(asked)?;
    Some(match Arn::parse(&named) {
        Some(arn) => TrailId {
            owner: arn.account.to_owned(),
            home: arn.region.to_owned(),
            name: arn.resource.strip_prefix("trail/").unwrap_or(arn.resource).to_owned(),
        },
        None => TrailId { owner: place.account.clone(), home: place.region.clone(), name: named },
    })
}
