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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;

    /// Files of countries with records of 24 bits, and of autonomous systems with records of 28 bits.
    const FILES: [&[u8]; 2] = [
        include_bytes!("../../tests/fuzz/corpus/geo/country-24"),
        include_bytes!("../../tests/fuzz/corpus/geo/asn-28"),
    ];

    proptest::proptest! {
        #[test]
        fn a_changed_file_is_used_or_refused(
            file in 0..FILES.len(),
            changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
            is_cut in proptest::bool::weighted(0.1),
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut bytes = FILES[file].to_vec();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if is_cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            super::geo(&bytes);
        }
    }
}
