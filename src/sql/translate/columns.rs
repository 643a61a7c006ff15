//! Columns of an answer as SQL expressions.

use crate::fields::{Field, Kind, Place};
use crate::query::resolved::OutputColumn;
use crate::sql::translate::dialect::ListOp;
use crate::sql::translate::filter::{ON_BEHALF_OF, is_column};
use crate::sql::translate::translator::Translator;

/// An expression that events are counted by, and the join that it needs.
pub(crate) struct Group {
    pub(crate) expression: String,
    pub(crate) join: Option<String>,
}

impl Translator<'_> {
    /// Returns a column of a list of events, of its own type: a number stays a number.
    pub(crate) fn expression(&self, shown: &OutputColumn) -> String {
        match shown {
            OutputColumn::Path(path) => self.shown(path),
            OutputColumn::Field(field) => self.field_expression(field),
        }
    }

    fn field_expression(&self, field: &Field) -> String {
        self.require(field.place, field.name);
        let column = self.column(field.column);
        match field.place {
            Place::Write => "CASE WHEN e.read_only THEN 'false' ELSE 'true' END".to_owned(),
            Place::Role => "e.role_name".to_owned(),
            Place::ResourceName => self.resources_json(),
            Place::ResourceType | Place::ListedName | Place::ListedType => self.resource_line(field.place),
            Place::Identity if field.column == ON_BEHALF_OF.0 => self.shown(ON_BEHALF_OF.1),
            Place::Record | Place::Sentence | Place::Tag | Place::UserAgent | Place::AddressFiles
                if !is_column(field) =>
            {
                self.no_column(field)
            }
            _ if field.kind == Kind::Flag => self.flag_text(&column),
            _ => column,
        }
    }

    /// Returns a column as text.
    pub(crate) fn text_of(&self, shown: &OutputColumn) -> String {
        match shown {
            OutputColumn::Field(field) if field.kind == Kind::Number && is_column(field) => {
                self.dialect.number_text(&self.column(field.column))
            }
            shown => self.expression(shown),
        }
    }

    /// Returns a column of the view `event_history`, as text.
    pub(crate) fn history(&self, column: &str) -> String {
        match crate::fields::find(column) {
            Some(field) if field.column == column => self.text_of(&OutputColumn::Field(field)),
            // The view has parts of roles that are not fields of their own.
            _ => self.column(column),
        }
    }

    /// Returns the expressions of columns of a count, with the joins that give a row for each of several values.
    pub(crate) fn groups(&self, by: &[OutputColumn]) -> Vec<Group> {
        let group = |(at, shown): (usize, &OutputColumn)| match shown {
            OutputColumn::Path(path) => {
                let texts = self.dialect.list(&self.shown_at(path), ListOp::Distinct);
                let alias = format!("g{at}");
                Group { expression: format!("{alias}_value"), join: Some(self.dialect.unnest(&texts, &alias, 0)) }
            }
            OutputColumn::Field(field) => match field.place {
                Place::ResourceName | Place::ResourceType => self.resource_group(field, "r", by),
                Place::ListedName | Place::ListedType => self.resource_group(field, "l", by),
                _ => Group { expression: self.expression(shown), join: None },
            },
        };
        by.iter().enumerate().map(group).collect()
    }

    /// An attribute of a resource; the name and the type side by side are those of the same resource. `alias`: of the join,
    /// which they share.
    fn resource_group(&self, field: &Field, alias: &str, by: &[OutputColumn]) -> Group {
        self.require(field.place, field.name);
        let is_listed = alias == "l";
        let source = match is_listed {
            true => self.dialect.list("e.resources", ListOp::Filter("r", "coalesce(r.listed, false)")),
            false => "e.resources".to_owned(),
        };
        let places = match is_listed {
            true => [Place::ListedName, Place::ListedType],
            false => [Place::ResourceName, Place::ResourceType],
        };
        let wanted =
            |place: &Place| by.iter().any(|shown| matches!(shown, OutputColumn::Field(other) if other.place == *place));
        let places: Vec<Place> = places.into_iter().filter(wanted).collect();
        let attribute = |place: &Place| match place {
            Place::ResourceType | Place::ListedType => "r.type".to_owned(),
            _ => "coalesce(r.arn, r.name)".to_owned(),
        };
        // A list of its own for each, since DuckDB and ClickHouse leave NULL out of different elements.
        let attributes = self.dialect.array(&places.iter().map(attribute).collect::<Vec<_>>());
        let distinct = self.dialect.list(&self.dialect.list(&source, ListOp::Map("r", &attributes)), ListOp::Distinct);
        let at = places.iter().position(|place| *place == field.place).unwrap_or(0);
        Group {
            expression: self.dialect.list(&format!("{alias}_value"), ListOp::At(at + 1)),
            join: Some(self.dialect.unnest(&distinct, alias, places.len())),
        }
    }
}
