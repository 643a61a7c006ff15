//! Small files about addresses: MaxMind DB files, written by the format's specification
//! (<https://maxmind.github.io/MaxMind-DB/>), and `ip-ranges.json`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;
use trailq::geo::GeoFiles;

use super::Scratch;

/// A value of a record.
pub enum Data {
    Text(&'static str),
    Number(u32),
    /// A number of another type: its type and its bytes.
    Typed(u8, Vec<u8>),
    Map(Vec<(&'static str, Data)>),
    List(Vec<Data>),
}

/// The countries of the networks for documentation.
pub const COUNTRIES: [(&str, &str); 4] =
    [("198.51.100.0/24", "NL"), ("203.0.113.0/24", "BR"), ("192.0.2.0/24", "US"), ("2001:db8::/32", "JP")];

/// The autonomous systems of these networks. The organization of the last is not known.
pub const SYSTEMS: [(&str, u32, &str); 4] = [
    ("198.51.100.0/24", 64_500, "Example B.V."),
    ("203.0.113.0/24", 64_501, "Example Hosting"),
    ("192.0.2.0/24", 64_502, "Example Cloud"),
    ("2001:db8::/32", 64_503, ""),
];

/// The ranges of AWS: a part of one of these networks.
pub const RANGES: &str = r#"{"createDate":"2024-02-03-04-05-06","prefixes":[
    {"ip_prefix":"192.0.2.0/28","region":"us-east-1","service":"AMAZON"},
    {"ip_prefix":"192.0.2.0/28","region":"us-east-1","service":"EC2"}],"ipv6_prefixes":[]}"#;

/// Returns a file of countries, as GeoLite2-Country is one.
pub fn countries() -> Vec<u8> {
    let record = |code| {
        let names = ("names", Data::Map(vec![("en", Data::Text("a country"))]));
        Data::Map(vec![("country", Data::Map(vec![("iso_code", Data::Text(code)), names]))])
    };
    mmdb("GeoLite2-Country", &COUNTRIES.map(|(network, code)| (network, record(code))))
}

/// Returns a file of autonomous systems, as GeoLite2-ASN is one.
pub fn systems() -> Vec<u8> {
    let record = |number, name: &'static str| {
        Data::Map(vec![
            ("autonomous_system_number", Data::Number(number)),
            ("autonomous_system_organization", Data::Text(name)),
        ])
    };
    mmdb("GeoLite2-ASN", &SYSTEMS.map(|(network, number, name)| (network, record(number, name))))
}

/// Writes the three files, and returns their paths.
pub fn files(scratch: &Scratch) -> Vec<PathBuf> {
    vec![
        scratch.write("countries.mmdb", countries()),
        scratch.write("systems.mmdb", systems()),
        scratch.write("ip-ranges.json", RANGES),
    ]
}

/// Returns the three files for a case.
pub fn geo_files(scratch: &Scratch) -> Arc<GeoFiles> {
    Arc::new(GeoFiles::new(files(scratch)))
}

/// Returns a MaxMind DB file with records of 24 bits.
pub fn mmdb(kind: &'static str, networks: &[(&str, Data)]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut nodes: Vec<[Record; 2]> = vec![[Record::Empty; 2]];
    for (network, record) in networks {
        let record = Record::Data(write(record, &mut data));
        insert(&mut nodes, network.parse().unwrap(), record);
    }
    let count = nodes.len();
    let mut file = Vec::new();
    for record in nodes.iter().flatten() {
        let number = match record {
            Record::Empty => count,
            Record::Node(node) => *node,
            Record::Data(offset) => count + 16 + offset,
        };
        file.extend(&u32::try_from(number).unwrap().to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    let short = |number: u16| Data::Typed(5, number.to_be_bytes().into());
    let metadata = Data::Map(vec![
        ("binary_format_major_version", short(2)),
        ("binary_format_minor_version", short(0)),
        // 2024-03-01.
        ("build_epoch", Data::Typed(9, 1_709_251_200_u64.to_be_bytes().into())),
        ("database_type", Data::Text(kind)),
        ("description", Data::Map(vec![("en", Data::Text("for tests"))])),
        ("ip_version", short(6)),
        ("languages", Data::List(vec![Data::Text("en")])),
        ("node_count", Data::Number(u32::try_from(count).unwrap())),
        ("record_size", short(24)),
    ]);
    write(&metadata, &mut file);
    file
}

#[derive(Clone, Copy)]
enum Record {
    Empty,
    Node(usize),
    Data(usize),
}

/// Puts a network into the tree. IPv4 is `::/96`.
fn insert(nodes: &mut Vec<[Record; 2]>, network: IpNet, record: Record) {
    let (bits, length) = match (network.addr(), network.prefix_len()) {
        (IpAddr::V4(address), length) => (u128::from(u32::from(address)), 96 + u32::from(length)),
        (IpAddr::V6(address), length) => (u128::from(address), u32::from(length)),
    };
    let side = |depth: u32| usize::from(bits >> (127 - depth) & 1 == 1);
    let mut node = 0;
    for depth in 0..length - 1 {
        node = match nodes[node][side(depth)] {
            Record::Node(next) => next,
            Record::Empty => {
                nodes.push([Record::Empty; 2]);
                let next = nodes.len() - 1;
                nodes[node][side(depth)] = Record::Node(next);
                next
            }
            Record::Data(_) => panic!("{network} is in another network"),
        };
    }
    nodes[node][side(length - 1)] = record;
}

/// Writes a value, and returns its place.
fn write(value: &Data, out: &mut Vec<u8>) -> usize {
    let place = out.len();
    match value {
        Data::Text(text) => {
            head(2, text.len(), out);
            out.extend(text.as_bytes());
        }
        Data::Number(number) => {
            let bytes = number.to_be_bytes();
            let digits = &bytes[(number.leading_zeros() / 8) as usize..];
            head(6, digits.len(), out);
            out.extend(digits);
        }
        Data::Typed(kind, bytes) => {
            head(*kind, bytes.len(), out);
            out.extend(bytes);
        }
        Data::Map(entries) => {
            head(7, entries.len(), out);
            for (key, value) in entries {
                write(&Data::Text(key), out);
                write(value, out);
            }
        }
        Data::List(values) => {
            head(11, values.len(), out);
            for value in values {
                write(value, out);
            }
        }
    }
    place
}

/// Writes the type and the size of a value.
fn head(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (size, more) = match size {
        0..29 => (size as u8, None),
        _ => (29, Some(u8::try_from(size - 29).unwrap())),
    };
    match kind {
        0..8 => out.push(kind << 5 | size),
        _ => out.extend([size, kind - 7]),
    }
    out.extend(more);
}
