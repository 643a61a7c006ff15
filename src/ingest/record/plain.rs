//! The values that an import copies from a record into columns of `events`: those of the plain fields of the catalogue.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::event::PlainValue;
use crate::fields::{Kind, PLAIN, PLAIN_COUNT};
use crate::ingest::record::lenient::{Key, Scalar, pass_over};
use crate::ingest::record::problems::Problems;

/// A key of an object that plain columns come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its value is that of a column, by its place in [`PLAIN`].
    Value(usize),
    /// An object at this path has such values.
    Parent(&'static str),
}

/// Looks up a key of the object at a path; the record is at the empty path.
pub(crate) fn find(path: &str, key: &str) -> Option<Found> {
    PLAIN.iter().enumerate().find_map(|(column, field)| {
        let rest = match path {
            "" => field.path,
            path => field.path.strip_prefix(path)?.strip_prefix('.')?,
        };
        if rest.as_bytes().first() != key.as_bytes().first() {
            // Most keys differ in their first byte, which costs no call to compare.
            return None;
        }
        let rest = rest.strip_prefix(key)?;
        if rest.is_empty() {
            return Some(Found::Value(column));
        }
        rest.starts_with('.').then(|| Found::Parent(&field.path[..field.path.len() - rest.len()]))
    })
}

/// Values of plain columns, each with the place of its column in [`PLAIN`].
#[derive(Debug, Default)]
pub(crate) struct PlainScalars<'a>(Vec<(usize, Scalar<'a>)>);

impl<'de> PlainScalars<'de> {
    /// Adds a value. Of a key that occurs twice the last one counts.
    pub(crate) fn put(&mut self, column: usize, value: Scalar<'de>) {
        self.0.retain(|(known, _)| *known != column);
        self.0.push((column, value));
    }

    /// Returns the values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Scalar<'de>)> {
        self.0.iter().map(|(column, value)| (*column, value))
    }

    /// Takes the value of a key that was found.
    pub(crate) fn take<A: MapAccess<'de>>(&mut self, found: Found, map: &mut A) -> Result<(), A::Error> {
        match found {
            Found::Value(column) => {
                let value = map.next_value()?;
                self.put(column, value);
                Ok(())
            }
            Found::Parent(path) => map.next_value_seed(PlainObject { path, out: self }),
        }
    }
}

/// Reads an object of which only values of plain columns are wanted.
pub(crate) struct PlainObject<'o, 'de> {
    /// The path of the object.
    pub(crate) path: &'static str,
    pub(crate) out: &'o mut PlainScalars<'de>,
}

impl<'de> DeserializeSeed<'de> for PlainObject<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self).map(|Taken| ())
    }
}

/// The values of an object were taken, or it is of another type and has none.
#[derive(Default)]
pub(crate) struct Taken;

impl Taken {
    fn wrong_type() -> Taken {
        Taken
    }
}

impl<'de> Visitor<'de> for PlainObject<'_, 'de> {
    type Value = Taken;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    pass_over!(scalars);
    pass_over!(null);
    pass_over!(array);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Taken, A::Error> {
        while let Some(key) = map.next_key::<Key<'de>>()? {
            match find(self.path, &key.0) {
                Some(found) => self.out.take(found, &mut map)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Taken)
    }
}

/// Returns the values of the plain columns, given those that a record has, and notes what cannot be read.
pub(crate) fn values<'r>(
    found: impl Iterator<Item = (usize, &'r Scalar<'r>)>,
    problems: &mut Problems,
) -> [PlainValue; PLAIN_COUNT] {
    let mut values = [const { PlainValue::Absent }; PLAIN_COUNT];
    for (column, value) in found {
        let field = PLAIN[column];
        let read = match field.kind {
            Kind::Number => problems.number(field.path, value).map(PlainValue::Number),
            Kind::Flag => problems.flag(field.path, value).map(PlainValue::Flag),
            Kind::Text | Kind::Source | Kind::Address | Kind::Time | Kind::Word(_) => {
                problems.text(field.path, value).map(PlainValue::Text)
            }
        };
        values[column] = read.unwrap_or_default();
    }
    values
}

#[cfg(test)]
mod tests {
    use super::{Found, find};
    use crate::fields::PLAIN;

    #[test]
    fn every_plain_field_is_found_by_its_path() {
        for (column, field) in PLAIN.iter().enumerate() {
            let mut path = "";
            for key in field.path.split('.') {
                match find(path, key) {
                    Some(Found::Value(found)) => {
                        assert_eq!((found, key), (column, field.path.rsplit('.').next().unwrap()))
                    }
                    Some(Found::Parent(parent)) => path = parent,
                    None => panic!("{}: {key} is not found", field.path),
                }
            }
        }
        for (path, key) in [("", "sourceIP"), ("", "userIdentityX"), ("userIdentity", "x"), ("x", "sourceIPAddress")] {
            assert_eq!(find(path, key), None, "{path} {key}");
        }
    }
}
