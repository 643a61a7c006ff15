//! The values of fields as SQL text.

use crate::fields::{Field, Kind};

/// Returns the SQL expression of the value of a field as text, or NULL.
pub(crate) fn as_text(field: &Field) -> String {
    match field.kind {
        Kind::Flag => format!("CASE {} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END", field.stored_as),
        _ => field.stored_as.to_owned(),
    }
}
