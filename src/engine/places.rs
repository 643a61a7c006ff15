//! The places of addresses: countries and networks, as files about addresses tell them.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::store::{Case, QueryError};

/// The countries and networks of some addresses, each once and in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// Codes of countries.
    pub(crate) countries: Vec<String>,
    /// Ranges of AWS, or autonomous systems.
    pub(crate) networks: Vec<String>,
}

/// Returns the places of addresses. There are none if no file was given.
///
/// # Errors
/// A file cannot be read, or is broken.
pub(crate) fn of_addresses<'a>(case: &Case, addresses: impl Iterator<Item = &'a str>) -> Result<Places, QueryError> {
    if case.geo_files().is_empty() {
        return Ok(Places::default());
    }
    let broken = |error: crate::geo::GeoError| QueryError::from(Box::new(Diagnostic::new(error.to_string())));
    let database = case.geo_files().database().map_err(broken)?;
    let (mut countries, mut networks) = (BTreeSet::new(), BTreeSet::new());
    for address in addresses {
        let facts = database.facts(address).map_err(broken)?;
        networks.extend(facts.network());
        countries.extend(facts.country);
    }
    Ok(Places { countries: countries.into_iter().collect(), networks: networks.into_iter().collect() })
}
