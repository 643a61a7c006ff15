//! The entry of the fuzz target `geo`.

use std::path::Path;

use crate::geo::database::{GeoDatabase, GeoFile};

/// Addresses that are looked up: of both families, at both ends and between.
const ADDRESSES: [&str; 8] =
    ["0.0.0.0", "10.0.0.1", "203.0.113.77", "255.255.255.255", "::", "::ffff:192.0.2.1", "2001:db8::1", "ffff::"];

/// Reads a file about addresses, and looks some up: a file is used or refused.
pub(crate) fn geo(bytes: &[u8]) {
    let Ok(file) = GeoFile::of_bytes(Path::new("fuzz.mmdb"), bytes.to_vec()) else { return };
    assert!(file.description().starts_with("fuzz.mmdb ("));
    let database = GeoDatabase::of(vec![file]);
    for address in ADDRESSES {
        if let Ok(facts) = database.facts(address) {
            assert!(facts.country.is_none_or(|country| country.len() == 2));
        }
    }
    assert!(database.facts("ec2.amazonaws.com").is_ok_and(|facts| facts == Default::default()));
}
