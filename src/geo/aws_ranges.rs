//! The address ranges of AWS: `https://ip-ranges.amazonaws.com/ip-ranges.json`, as its documentation describes it (AWS
//! General Reference, AWS IP address ranges).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::number;
use crate::time;

/// Maximum size of the file, which has 2 MB.
const MAX_BYTES: usize = 64 << 20;
/// The service of every range, which says nothing if there is another.
const ANY_SERVICE: &str = "AMAZON";

/// The address ranges of AWS.
#[derive(Debug, Default)]
pub(crate) struct AwsRanges {
    names: FxHashMap<IpNet, String>,
    /// The lengths of prefixes, the longest first: of IPv4 and of IPv6.
    lengths: [Vec<u8>; 2],
    created: Option<i64>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "createDate", default)]
    created: String,
    prefixes: Vec<Prefix>,
    #[serde(default)]
    ipv6_prefixes: Vec<Prefix>,
}

#[derive(Deserialize)]
struct Prefix {
    #[serde(rename = "ip_prefix", alias = "ipv6_prefix")]
    network: IpNet,
    region: String,
    service: String,
}

impl AwsRanges {
    /// Reads a file. The error is what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<AwsRanges, String> {
        let other = "it is neither a MaxMind DB file nor ip-ranges.json of AWS";
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(other.to_owned());
        }
        if bytes.len() > MAX_BYTES {
            return Err(format!("{other}, which has at most {}", number::bytes(MAX_BYTES as u64)));
        }
        let document: Document = serde_json::from_slice(bytes).map_err(|error| format!("{other}: {error}"))?;
        let mut services: BTreeMap<IpNet, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for Prefix { network, region, service } in document.prefixes.into_iter().chain(document.ipv6_prefixes) {
            services.entry(network.trunc()).or_default().entry(region).or_default().insert(service);
        }
        let mut lengths = [BTreeSet::new(), BTreeSet::new()];
        for network in services.keys() {
            lengths[family(network.addr())].insert(network.prefix_len());
        }
        Ok(AwsRanges {
            names: services.into_iter().map(|(network, regions)| (network, name(regions))).collect(),
            lengths: lengths.map(|lengths| lengths.into_iter().rev().collect()),
            created: created(&document.created),
        })
    }

    /// Returns the services and the Region of the smallest range that has an address.
    pub(crate) fn name(&self, address: IpAddr) -> Option<&str> {
        let networks = self.lengths[family(address)].iter().filter_map(|length| IpNet::new(address, *length).ok());
        networks.map(|network| network.trunc()).find_map(|network| self.names.get(&network)).map(String::as_str)
    }

    /// Returns the time at which the file was made, in Unix seconds.
    pub(crate) fn created(&self) -> Option<i64> {
        self.created
    }
}

/// Returns the index of an address's family.
fn family(address: IpAddr) -> usize {
    usize::from(address.is_ipv6())
}

/// Returns the name of a range: its services, and the Region.
fn name(regions: BTreeMap<String, BTreeSet<String>>) -> String {
    let one = |(region, mut services): (String, BTreeSet<String>)| {
        if services.len() > 1 {
            services.remove(ANY_SERVICE);
        }
        format!("{} {region}", services.into_iter().collect::<Vec<_>>().join("/"))
    };
    regions.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Returns a time such as `2026-11-20-00-33-10` in Unix seconds.
fn created(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day, hour, minute, second] = parts.as_slice() else { return None };
    time::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

#[cfg(test)]
mod tests {
    use super::AwsRanges;

    const FILE: &str = r#"{"syncToken":"1","createDate":"2026-11-20-00-33-10","prefixes":[
        {"ip_prefix":"192.0.2.0/24","region":"us-east-1","service":"AMAZON","network_border_group":"us-east-1"},
        {"ip_prefix":"192.0.2.0/25","region":"us-east-1","service":"AMAZON","network_border_group":"us-east-1"},
        {"ip_prefix":"192.0.2.0/25","region":"us-east-1","service":"EC2","network_border_group":"us-east-1"},
        {"ip_prefix":"192.0.2.0/28","region":"us-east-1","service":"S3","network_border_group":"us-east-1"},
        {"ip_prefix":"192.0.2.0/28","region":"us-east-1","service":"EC2","network_border_group":"us-east-1"}],
        "ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/32","region":"GLOBAL","service":"CLOUDFRONT","network_border_group":"GLOBAL"}]}"#;

    #[test]
    fn the_smallest_range_names_the_services_of_an_address() {
        let ranges = AwsRanges::parse(FILE.as_bytes()).unwrap();
        for (address, expected) in [
            ("192.0.2.1", Some("EC2/S3 us-east-1")),
            ("192.0.2.100", Some("EC2 us-east-1")),
            ("192.0.2.200", Some("AMAZON us-east-1")),
            ("2001:db8::1", Some("CLOUDFRONT GLOBAL")),
            ("198.51.100.1", None),
            ("2001:db9::1", None),
        ] {
            assert_eq!(ranges.name(address.parse().unwrap()), expected, "{address}");
        }
        assert_eq!(ranges.created().map(crate::time::format).as_deref(), Some("2026-11-20T00:33:10Z"));
    }

    #[test]
    fn another_file_is_refused() {
        for text in ["", "text", "{", "{}", r#"{"prefixes":[{"ip_prefix":"x","region":"r","service":"s"}]}"#] {
            let refused = AwsRanges::parse(text.as_bytes()).unwrap_err();
            assert!(refused.starts_with("it is neither a MaxMind DB file nor ip-ranges.json of AWS"), "{refused}");
        }
        assert!(AwsRanges::parse(br#"{"prefixes":[]}"#).is_ok_and(|ranges| ranges.created().is_none()));
    }
}
