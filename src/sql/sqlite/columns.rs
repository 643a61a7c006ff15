//! Columns of an answer as SQL expressions.

use crate::fields::{Field, Kind, Place};
use crate::query::resolved::OutputColumn;
use crate::sql::sqlite::builder::{ADDRESS, SqlBuilder};

/// An event's resources on one line: at most three names, those that Event history lists first.
pub(crate) const BRIEF_RESOURCES: &str = "(SELECT group_concat(name, ', ') || \
     CASE WHEN max(total) > 3 THEN ' (+' || (max(total) - 3) || ')' ELSE '' END \
     FROM (SELECT r.name AS name, count(*) OVER () AS total FROM event_resources er \
     JOIN resources r ON r.id = er.resource WHERE er.event = e.id GROUP BY r.name \
     ORDER BY max(er.listed) DESC, r.name LIMIT 3))";

/// A name as SQL takes any.
pub(crate) fn quoted(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !name.is_empty();
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The column `event_time` of a time in seconds.
pub(crate) fn time_text(seconds: &str) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%SZ', {seconds}, 'unixepoch') AS event_time")
}

/// `GROUP BY`, where there is something to group by.
pub(crate) fn group_by(groups: &[String]) -> String {
    if groups.is_empty() { String::new() } else { format!(" GROUP BY {}", groups.join(", ")) }
}

/// A column of a count that `facets f` answers.
pub(crate) fn of_facet(shown: &OutputColumn) -> String {
    match shown {
        OutputColumn::Field(field) => match (field.place, field.kind) {
            (Place::Write, _) => "CASE WHEN f.read_only IS 1 THEN 'false' ELSE 'true' END".to_owned(),
            (_, Kind::Flag) => format!("CASE f.{} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END", field.stored_as),
            _ => format!("f.{}", field.stored_as),
        },
        // The plan groups facets by fields only.
        OutputColumn::Path(_) => "NULL".to_owned(),
    }
}

/// A column of a list of events.
pub(crate) fn expression(shown: &OutputColumn, builder: &mut SqlBuilder<'_>) -> String {
    match shown {
        OutputColumn::Path(path) => {
            builder.scans_records = true;
            format!("record_value(e.id, {})", builder.params.text(path))
        }
        OutputColumn::Field(field) => field_expression(field),
    }
}

/// Of the resources that Event history lists for an event, on one line.
fn listed(expression: &str) -> String {
    format!(
        "(SELECT group_concat(value, ', ' ORDER BY value) FROM (SELECT DISTINCT {expression} AS value \
         FROM event_resources er JOIN resources r ON r.id = er.resource WHERE er.event = e.id AND er.listed))"
    )
}

fn field_expression(field: &Field) -> String {
    let column = field.stored_as;
    let of = |table: &str, key: &str| format!("(SELECT {column} FROM {table} WHERE id = e.{key})");
    match field.place {
        Place::Event if field.kind == Kind::Flag => {
            format!("CASE e.{column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END")
        }
        Place::Event => format!("e.{column}"),
        Place::Facet if field.kind == Kind::Flag => {
            format!(
                "(SELECT CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END FROM facets WHERE id = e.facet_id)"
            )
        }
        Place::Facet => of("facets", "facet_id"),
        Place::Write => "CASE WHEN e.read_only IS 1 THEN 'false' ELSE 'true' END".to_owned(),
        Place::Identity | Place::Role => of("identities", "identity_id"),
        Place::UserAgent => of("user_agents", "user_agent_id"),
        Place::ErrorMessage => of("error_messages", "error_message_id"),
        Place::File => of("files", "file_id"),
        Place::Tag => "(SELECT group_concat(tag, ', ' ORDER BY tag) FROM tags WHERE event_id = e.event_id)".to_owned(),
        Place::ResourceName => "(SELECT resources FROM event_history WHERE id = e.id)".to_owned(),
        Place::ResourceType => "(SELECT group_concat(type, ', ' ORDER BY type) FROM (SELECT DISTINCT r.type AS type \
             FROM event_resources er JOIN resources r ON r.id = er.resource WHERE er.event = e.id))"
            .to_owned(),
        Place::ListedName => listed("coalesce(r.arn, r.name)"),
        Place::ListedType => listed("r.type"),
        // The resolver shows no whole records as a column.
        Place::Record => "NULL".to_owned(),
        Place::Sentence => "record_sentence(e.id, e.outcome)".to_owned(),
        Place::AddressFiles => format!("{column}(e.{ADDRESS})"),
    }
}

/// The expression that events are counted by, and the join that it needs.
pub(crate) struct Group {
    pub(crate) expression: String,
    pub(crate) join: String,
}

/// A column of a count. `index` distinguishes the joins of several paths.
pub(crate) fn group(shown: &OutputColumn, index: usize, builder: &mut SqlBuilder<'_>) -> Group {
    let of_resource = |expression: &str| Group {
        expression: expression.to_owned(),
        join: " LEFT JOIN event_resources gr ON gr.event = e.id LEFT JOIN resources g ON g.id = gr.resource".to_owned(),
    };
    let of_listed = |expression: &str| Group {
        expression: expression.to_owned(),
        join:
            " LEFT JOIN event_resources lr ON lr.event = e.id AND lr.listed LEFT JOIN resources l ON l.id = lr.resource"
                .to_owned(),
    };
    match shown {
        OutputColumn::Path(path) => {
            builder.scans_records = true;
            let values = builder.params.text(path);
            Group {
                expression: format!("p{index}.value"),
                join: format!(" LEFT JOIN json_each(record_values(e.id, {values})) p{index}"),
            }
        }
        OutputColumn::Field(field) => match field.place {
            Place::ResourceName => of_resource("coalesce(g.arn, g.name)"),
            Place::ResourceType => of_resource("g.type"),
            Place::ListedName => of_listed("coalesce(l.arn, l.name)"),
            Place::ListedType => of_listed("l.type"),
            Place::Tag => Group {
                expression: "gt.tag".to_owned(),
                join: " LEFT JOIN tags gt ON gt.event_id = e.event_id".to_owned(),
            },
            _ => Group { expression: field_expression(field), join: String::new() },
        },
    }
}
