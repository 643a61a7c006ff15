//! Networks as regular expressions, for values that are not a field of addresses.

use ipnet::IpNet;

/// Returns the regular expression of the addresses of a network, and of the networks in it.
///
/// # Errors
/// It is a network of IPv6, whose addresses have several spellings.
pub(crate) fn network_pattern(network: &IpNet) -> Result<String, String> {
    let IpNet::V4(network) = network else {
        return Err(format!("the network `{network}` of IPv6 is supported for sourceIPAddress only"));
    };
    let length = network.prefix_len();
    let masks = network.netmask().octets();
    let octets = network.network().octets().into_iter().zip(masks).map(|(first, mask)| octet(first, first | !mask));
    let lengths: Vec<String> = (length..=32).map(|length| length.to_string()).collect();
    Ok(format!("{}(?:/(?:{}))?", octets.collect::<Vec<_>>().join(r"\."), lengths.join("|")))
}

/// Returns the pattern of the decimal numbers of a range.
fn octet(first: u8, last: u8) -> String {
    match (first, last) {
        (0, 255) => "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])".to_owned(),
        (first, last) if first == last => first.to_string(),
        (first, last) => {
            let numbers: Vec<String> = (first..=last).map(|number| number.to_string()).collect();
            format!("(?:{})", numbers.join("|"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ipnet::{IpNet, Ipv4Net};
    use regex::Regex;

    use super::network_pattern;

    fn pattern(network: &str) -> Regex {
        let network: IpNet = network.parse().unwrap();
        Regex::new(&format!(r"\A(?:{})\z", network_pattern(&network).unwrap())).unwrap()
    }

    #[test]
    fn a_pattern_matches_the_addresses_and_networks_that_a_network_contains() {
        for (text, matching, others) in [
            ("10.0.0.0/8", vec!["10.0.0.1", "10.255.255.255", "10.1.0.0/16"], vec!["11.0.0.1", "10.0.0.0/7", "10.0.0"]),
            ("192.0.2.64/26", vec!["192.0.2.64", "192.0.2.127/32"], vec!["192.0.2.63", "192.0.2.128", "192.0.2.0/24"]),
            ("0.0.0.0/0", vec!["0.0.0.0/0", "203.0.113.9"], vec!["::/0", "256.1.1.1", "x", "01.2.3.4"]),
            ("203.0.113.9/32", vec!["203.0.113.9", "203.0.113.9/32"], vec!["203.0.113.90", "203.0.113.9/3"]),
        ] {
            let regex = pattern(text);
            assert!(matching.iter().all(|value| regex.is_match(value)), "{text} {matching:?}");
            assert!(!others.iter().any(|value| regex.is_match(value)), "{text} {others:?}");
        }
        assert!(network_pattern(&"2001:db8::/32".parse().unwrap()).unwrap_err().contains("`2001:db8::/32`"));
    }

    #[test]
    fn patterns_agree_with_the_arithmetic_of_networks() {
        let mut random: u64 = 7;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 32) as u32
        };
        for length in 0..=32 {
            let network = Ipv4Net::new(Ipv4Addr::from(next()), length).unwrap().trunc();
            let regex = pattern(&network.to_string());
            for _ in 0..50 {
                // Addresses that differ in few of their lower bits are in and near the network.
                let change = next().checked_shr(next() % 33).unwrap_or(0);
                let address = Ipv4Addr::from(u32::from(network.network()) ^ change);
                assert_eq!(regex.is_match(&address.to_string()), network.contains(&address), "{network} {address}");
                let inner = Ipv4Net::new(address, (next() % 33) as u8).unwrap().trunc();
                assert_eq!(regex.is_match(&inner.to_string()), network.contains(&inner), "{network} {inner}");
            }
        }
    }
}
