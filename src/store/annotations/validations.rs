//! Writes the results of `trailq validate --keep`.

use rusqlite::params;

use crate::store::annotations::{AnnotationWriter, now};
use crate::store::error::CaseError;
use crate::store::validation::ValidationRecord;
use crate::time;
use crate::validate::Finding;

impl AnnotationWriter {
    /// Keeps a validation.
    ///
    /// # Errors
    /// The case cannot be written.
    pub(crate) fn record_validation(&self, record: &ValidationRecord<'_>) -> Result<(), CaseError> {
        self.write(|transaction| {
            let (since, until) = (record.since.map(time::format), record.until.map(time::format));
            let sql = "INSERT INTO validations (validated_at, validated_by, trailq_version, paths, since, until, strict, \
                       complete, keys, verdicts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
            let version = env!("CARGO_PKG_VERSION");
            let ValidationRecord { paths, strict, complete, keys, verdicts, findings, .. } = record;
            transaction.execute(
                sql,
                params![now(), self.who, version, paths, since, until, strict, complete, keys, verdicts],
            )?;
            let id = transaction.last_insert_rowid();
            let mut insert = transaction.prepare_cached(
                "INSERT INTO validation_findings (validation, verdict, kind, account, region, trail, files, object, \
                 place, from_time, to_time, expected, found, reason) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?;
            let known = |text: &String| (!text.is_empty()).then(|| text.clone());
            findings.iter().try_for_each(|finding| {
                let Finding { object, place, reason, .. } = finding;
                let [expected, found] = finding.hashes();
                insert
                    .execute(params![
                        id,
                        finding.verdict.name(),
                        finding.kind.name(),
                        known(&finding.origin.account),
                        known(&finding.origin.region),
                        known(&finding.origin.trail),
                        finding.files,
                        object,
                        place,
                        finding.from.map(time::format),
                        finding.to.map(time::format),
                        expected,
                        found,
                        reason
                    ])
                    .map(drop)
            })
        })
    }
}
