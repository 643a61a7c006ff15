//! MaxMind DB files (<https://maxmind.github.io/MaxMind-DB/>), read whole into memory.

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use maxminddb::Reader;
use memchr::memmem;

use crate::geo::facts::{AddressFacts, Attribute};
use crate::geo::record::RecordFacts;
use crate::geo::value;

/// The bytes before the metadata.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// Maximum size of the metadata, by the specification.
const MAX_METADATA: usize = 128 << 10;

/// The zeros between the search tree and the data.
const SEPARATOR: usize = 16;

/// A MaxMind DB file.
#[derive(Debug)]
pub(crate) struct Mmdb {
    reader: Reader<SharedBytes>,
    bytes: SharedBytes,
    /// The place of the data in the file.
    data: Range<usize>,
    attributes: Vec<Attribute>,
}

/// The content of the file.
#[derive(Clone)]
struct SharedBytes(Arc<Vec<u8>>);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Mmdb {
    /// Reports whether a file has the mark of a MaxMind DB file.
    pub(crate) fn is_one(bytes: &[u8]) -> bool {
        metadata(bytes).is_some()
    }

    /// Reads a file. The error is what is wrong with it.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Mmdb, String> {
        let described = metadata(&bytes).ok_or("it is not a MaxMind DB file")?;
        let broken = |reason: &dyn fmt::Display| format!("it is a broken MaxMind DB file: {reason}");
        // Writers make no pointers in the metadata.
        value::check_plain(described).map_err(|reason| broken(&format!("of its metadata, {reason}")))?;
        let data_end = bytes.len() - described.len() - MARKER.len();
        let bytes = SharedBytes(Arc::new(bytes));
        let reader = Reader::from_source(bytes.clone()).map_err(|error| broken(&error))?;
        let metadata = reader.metadata();
        let tree = u64::from(metadata.node_count) * u64::from(metadata.record_size) / 4;
        let data = usize::try_from(tree).map_or(data_end, |tree| tree + SEPARATOR)..data_end;
        let attributes = attributes(&metadata.database_type);
        Ok(Mmdb { reader, bytes, data, attributes })
    }

    /// Returns the facts about an address. The error is what is wrong with the file.
    pub(crate) fn facts(&self, address: IpAddr) -> Result<AddressFacts, String> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(AddressFacts::default());
        }
        let found = self.reader.lookup(address).map_err(|error| error.to_string())?;
        let Some(offset) = found.offset() else { return Ok(AddressFacts::default()) };
        let data = self.bytes.0.get(self.data.clone()).unwrap_or_default();
        let found = RecordFacts::read(data, offset)?;
        let has = |attribute: Attribute| self.attributes.contains(&attribute);
        Ok(AddressFacts {
            country: found.country.filter(|_| has(Attribute::Country)),
            asn: found.asn.filter(|_| has(Attribute::Asn)),
            as_org: found.as_org.filter(|_| has(Attribute::AsOrg)),
            aws_range: None,
        })
    }

    /// Returns the attributes that the file has.
    pub(crate) fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// Returns the type of the file, such as `GeoLite2-City`.
    pub(crate) fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// Returns the time at which the file was made, in Unix seconds.
    pub(crate) fn built(&self) -> Option<i64> {
        i64::try_from(self.reader.metadata().build_epoch).ok()
    }
}

/// Returns the attributes that files of a type have. Of a type that is not known, any may be in the file.
fn attributes(kind: &str) -> Vec<Attribute> {
    let kind = kind.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let (places, systems) = (has(&["country", "city", "enterprise"]), has(&["asn", "isp", "enterprise"]));
    match (places, systems) {
        (true, false) => vec![Attribute::Country],
        (false, true) => vec![Attribute::Asn, Attribute::AsOrg],
        _ => vec![Attribute::Country, Attribute::Asn, Attribute::AsOrg],
    }
}

/// Returns the metadata, which is the end of the file.
fn metadata(bytes: &[u8]) -> Option<&[u8]> {
    let end = &bytes[bytes.len().saturating_sub(MAX_METADATA + MARKER.len())..];
    memmem::rfind(end, MARKER).map(|at| &end[at + MARKER.len()..])
}

#[cfg(test)]
mod tests {
    use super::attributes;
    use crate::geo::facts::Attribute;

    #[test]
    fn the_type_of_a_file_tells_its_attributes() {
        for (kind, expected) in [
            ("GeoLite2-Country", "country"),
            ("DBIP-City-Lite", "country"),
            ("GeoLite2-ASN", "asn as_org"),
            ("GeoIP2-ISP", "asn as_org"),
            ("GeoIP2-Enterprise", "country asn as_org"),
            ("ipinfo country_asn.mmdb", "country asn as_org"),
            ("My-Own", "country asn as_org"),
        ] {
            let found: Vec<&str> = attributes(kind).into_iter().map(Attribute::name).collect();
            assert_eq!(found.join(" "), expected, "{kind}");
        }
    }
}
