//! SQL functions that tell what files about addresses have of an address.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, Error};
use rustc_hash::FxHashMap;

use crate::geo::{AddressFacts, Attribute, GeoError, GeoFiles};

/// The addresses whose facts a connection keeps: a count asks for those of the same ones again and again.
const MAX_CACHED: usize = 1 << 16;

/// The files, and the facts that were asked for.
struct CachedFacts {
    files: Arc<GeoFiles>,
    facts: Mutex<FxHashMap<String, AddressFacts>>,
}

/// Adds the functions to a connection, in place of those of other files.
pub(crate) fn register(connection: &Connection, files: &Arc<GeoFiles>) -> rusqlite::Result<()> {
    let cached = Arc::new(CachedFacts { files: Arc::clone(files), facts: Mutex::default() });
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for attribute in Attribute::ALL {
        let cached = Arc::clone(&cached);
        connection.create_scalar_function(attribute.name(), 1, pure, move |context| {
            cached.value(context, attribute).map_err(|error| match error {
                FactError::Sqlite(error) => error,
                FactError::Geo(error) => Error::UserFunctionError(in_words(&error).into()),
            })
        })?;
    }
    Ok(())
}

enum FactError {
    Sqlite(Error),
    Geo(GeoError),
}

/// Returns an error with what to do, as one text.
fn in_words(error: &GeoError) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

impl CachedFacts {
    /// Returns an attribute of the address that is the argument.
    fn value(&self, context: &Context<'_>, attribute: Attribute) -> Result<Value, FactError> {
        let database = self.files.with(attribute).map_err(FactError::Geo)?;
        let address = context.get_raw(0).as_str_or_null().map_err(|error| FactError::Sqlite(error.into()))?;
        let Some(address) = address else { return Ok(Value::Null) };
        // A panic while the lock was held leaves at worst fewer facts.
        let mut cached = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(facts) = cached.get(address) {
            return Ok(value(facts, attribute));
        }
        let facts = database.facts(address).map_err(FactError::Geo)?;
        let found = value(&facts, attribute);
        if cached.len() >= MAX_CACHED {
            cached.clear();
        }
        cached.insert(address.to_owned(), facts);
        Ok(found)
    }
}

/// Returns an attribute as a value of SQL.
fn value(facts: &AddressFacts, attribute: Attribute) -> Value {
    match attribute {
        Attribute::Country => facts.country.clone().into(),
        Attribute::Asn => facts.asn.map(i64::from).into(),
        Attribute::AsOrg => facts.as_org.clone().into(),
        Attribute::AwsRange => facts.aws_range.clone().into(),
    }
}
