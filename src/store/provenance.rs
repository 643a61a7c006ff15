//! The provenance of a case: the steps that its file went through, read and written.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::store::schema::version;
use crate::time;

/// A step that led to a case; see the table `provenance`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProvenanceStep {
    /// `case`, `snapshot` or `merge`.
    pub kind: String,
    /// The id of the file that it made.
    pub id: String,
    /// The time, UTC.
    pub made_at: String,
    /// The person who made it; `None` for a case, whose `imports` name the person, and for steps of versions that did not
    /// store it.
    pub made_by: Option<String>,
    /// The names of the files that it was made from.
    pub made_from: Vec<String>,
    /// Their ids, as far as they have any.
    pub parents: Vec<String>,
    /// The trailq that made it; of a case `imports` tells.
    pub trailq_version: Option<String>,
    /// The schema of the file that it was made from.
    pub schema_version: Option<i64>,
    /// The selection of events, as on the command line; `None` is all.
    pub selection: Option<String>,
    /// The kinds of values that were replaced.
    pub redacted: Vec<String>,
    /// True if records are plain text.
    pub portable: bool,
    /// The digests of the contents when it was made.
    pub digests: Vec<Digest>,
}

/// The digest of a part of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// `events`, with their records and all that they point to; `counts`; `ledger`; or `notes`. Of a whole case `pages`
    /// replaces the first three.
    pub part: String,
    /// The number of rows: of `events`, the events.
    pub rows: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// Returns the steps in the provenance of a case.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Vec<ProvenanceStep>> {
    let list = |text: Option<String>| -> Vec<String> {
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    };
    let mut select = connection.prepare(
        "SELECT kind, id, made_at, made_from, trailq_version, schema_version, selection, redacted, portable \
         FROM provenance ORDER BY step",
    )?;
    let steps = select.query_map([], |row| {
        Ok(ProvenanceStep {
            kind: row.get(0)?,
            id: row.get(1)?,
            made_at: row.get(2)?,
            made_from: list(row.get(3)?),
            trailq_version: row.get(4)?,
            schema_version: row.get(5)?,
            selection: row.get(6)?,
            redacted: list(row.get(7)?),
            portable: row.get(8)?,
            ..ProvenanceStep::default()
        })
    })?;
    let mut steps = steps.collect::<rusqlite::Result<Vec<ProvenanceStep>>>()?;
    let mut parents = connection.prepare("SELECT parent FROM provenance_parents WHERE id = ?1 ORDER BY parent")?;
    let mut digests =
        connection.prepare("SELECT part, rows, sha256 FROM provenance_digests WHERE id = ?1 ORDER BY part")?;
    for step in &mut steps {
        step.made_by = maker_of(connection, &step.id)?;
        step.parents = parents.query_map([&step.id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let digest = |row: &rusqlite::Row<'_>| Ok(Digest { part: row.get(0)?, rows: row.get(1)?, sha256: row.get(2)? });
        step.digests = digests.query_map([&step.id], digest)?.collect::<rusqlite::Result<_>>()?;
    }
    Ok(steps)
}

/// Returns the id of the file in which something was made at a time, given the steps that led to a file: the last step
/// before that time.
pub(crate) fn origin_of(steps: &[ProvenanceStep], at: &str) -> Option<String> {
    let before = steps.iter().rev().find(|step| step.made_at.as_str() <= at);
    before.or(steps.first()).map(|step| step.id.clone())
}

/// Returns the id of the last step.
pub(crate) fn last(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT id FROM provenance ORDER BY step DESC LIMIT 1", [], |row| row.get(0)).optional()
}

/// Appends the steps of another file that are not known yet. Returns their number.
pub(crate) fn take(connection: &Connection, steps: &[ProvenanceStep]) -> rusqlite::Result<usize> {
    let mut known = connection.prepare("SELECT EXISTS (SELECT 1 FROM provenance WHERE id = ?1)")?;
    let mut taken = 0;
    for step in steps {
        if !known.query_row([&step.id], |row| row.get::<_, bool>(0))? {
            insert(connection, step)?;
            taken += 1;
        }
    }
    Ok(taken)
}

/// Begins the step that made a file: gives it its id and its time, and stores who made it.
pub(crate) fn begin(connection: &Connection, step: &mut ProvenanceStep) -> rusqlite::Result<()> {
    step.id = connection.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))?;
    step.made_at = time::format(time::now());
    match &step.made_by {
        Some(who) => set_maker(connection, step, who),
        None => Ok(()),
    }
}

/// Writes the step that made a file, after the existing ones, and begins it unless it has an id. Where no parent is named,
/// the last step before it is the parent.
pub(crate) fn write(connection: &Connection, step: &ProvenanceStep) -> rusqlite::Result<ProvenanceStep> {
    let mut step = step.clone();
    if step.id.is_empty() {
        begin(connection, &mut step)?;
    }
    step.trailq_version = Some(env!("CARGO_PKG_VERSION").to_owned());
    step.schema_version.get_or_insert(version::NEWEST);
    if step.parents.is_empty() {
        let mut last = connection.prepare("SELECT id FROM provenance ORDER BY step DESC LIMIT 1")?;
        step.parents = last.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    }
    insert(connection, &step)?;
    Ok(step)
}

/// The name of a row of `case_details` that says who made a step; its value is the id of the step.
const MAKER: &str = "step";

/// Stores who made a step.
fn set_maker(connection: &Connection, step: &ProvenanceStep, who: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO case_details (name, value, set_at, change, set_by, trailq_version) \
               VALUES (?1, ?2, ?3, 1, ?4, ?5)";
    connection.execute(sql, params![MAKER, step.id, step.made_at, who, env!("CARGO_PKG_VERSION")]).map(drop)
}

/// Returns who made the step with an id; `None` if that is not stored, as in a case of an earlier schema.
fn maker_of(connection: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'case_details')";
    if !connection.query_row(exists, [], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    let sql = "SELECT set_by FROM case_details WHERE name = ?1 AND value = ?2 ORDER BY set_at LIMIT 1";
    connection.query_row(sql, [MAKER, id], |row| row.get(0)).optional()
}

/// Writes a step as it is.
fn insert(connection: &Connection, step: &ProvenanceStep) -> rusqlite::Result<()> {
    let list = |list: &[String]| (!list.is_empty()).then(|| serde_json::json!(list).to_string());
    connection.execute(
        "INSERT INTO provenance (kind, id, made_at, made_from, trailq_version, schema_version, selection, redacted, \
         portable) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            step.kind,
            step.id,
            step.made_at,
            list(&step.made_from),
            step.trailq_version,
            step.schema_version,
            step.selection,
            list(&step.redacted),
            step.portable
        ],
    )?;
    for parent in &step.parents {
        connection.execute("INSERT INTO provenance_parents (id, parent) VALUES (?1, ?2)", [&step.id, parent])?;
    }
    for digest in &step.digests {
        connection.execute(
            "INSERT INTO provenance_digests (id, part, rows, sha256) VALUES (?1, ?2, ?3, ?4)",
            params![step.id, digest.part, digest.rows, digest.sha256],
        )?;
    }
    Ok(())
}
