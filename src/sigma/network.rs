//! Networks as regular expressions, for values that are not a field of addresses.

use ipnet::{IpNet, Ipv6Net};

/// The 16-bit groups of an address of IPv6.
const GROUPS: usize = 8;
/// The bits of a group, and of a digit of it.
const GROUP_BITS: usize = 16;
const DIGIT_BITS: usize = 4;

/// Returns the regular expression of the addresses of a network, and of the networks in it, in every spelling.
pub(crate) fn network_pattern(network: &IpNet) -> String {
    let lengths: Vec<String> =
        (network.prefix_len()..=network.max_prefix_len()).map(|length| length.to_string()).collect();
    let addresses = match network {
        IpNet::V4(network) => octets(network.network().octets(), network.netmask().octets()),
        IpNet::V6(network) => spellings(network),
    };
    format!("{addresses}(?:/(?:{}))?", lengths.join("|"))
}

/// Returns the pattern of the dotted addresses that have these octets where the mask is set.
fn octets(first: [u8; 4], mask: [u8; 4]) -> String {
    let octets = first.into_iter().zip(mask).map(|(first, mask)| octet(first, first | !mask));
    octets.collect::<Vec<_>>().join(r"\.")
}

/// Returns the pattern of the addresses of a network of IPv6: `::` may replace zeros at any place, groups may begin with
/// zeros, letters may be capitals, and the last two groups may be written as an address of IPv4 (RFC 4291, 2.2).
fn spellings(network: &Ipv6Net) -> String {
    let (address, mask) = (network.network().octets(), network.netmask().octets());
    let segments = network.network().segments().into_iter().zip(network.netmask().segments());
    let segments: Vec<(u16, u16)> = segments.collect();
    let groups: Vec<String> = segments.iter().map(|(first, mask)| group(*first, *mask)).collect();
    let last = |of: [u8; 16]| [of[12], of[13], of[14], of[15]];
    let dotted = octets(last(address), last(mask));
    // The groups from one place on, in hexadecimal or with the last two as an address of IPv4.
    let end = |from: usize| match groups.len() - from {
        0 => String::new(),
        1 => groups[from].clone(),
        _ => {
            let before: String = groups[from..GROUPS - 2].iter().map(|group| format!("{group}:")).collect();
            format!("{before}(?:{}|{dotted})", groups[GROUPS - 2..].join(":"))
        }
    };
    let mut written = vec![end(0)];
    for start in 0..GROUPS {
        let may_be_zero = |group: usize| segments[group].0 & segments[group].1 == 0;
        let ends = (start + 1..=GROUPS).take_while(|end| may_be_zero(end - 1)).map(end).collect::<Vec<_>>();
        if !ends.is_empty() {
            written.push(format!("{}::(?:{})", groups[..start].join(":"), ends.join("|")));
        }
    }
    format!("(?i:{})", written.join("|"))
}

/// Returns the pattern of a group that has these bits where the mask is set.
fn group(first: u16, mask: u16) -> String {
    if mask == 0 {
        return "[0-9a-f]{1,4}".to_owned();
    }
    let digit = |at: usize| {
        let of = |bits: u16| bits >> (GROUP_BITS - DIGIT_BITS * (at + 1)) & 0xf;
        let (first, free) = (of(first), !of(mask) & 0xf);
        let digits: String = (first..=first | free).map(|digit| format!("{digit:x}")).collect();
        if free == 0 { digits } else { format!("[{digits}]") }
    };
    // A leading digit that may be zero may be left out.
    let optional = |at: usize| first >> (GROUP_BITS - DIGIT_BITS * (at + 1)) == 0;
    let from = |at: usize| (at..GROUP_BITS / DIGIT_BITS).map(digit).collect::<String>();
    let written = (0..GROUP_BITS / DIGIT_BITS).take_while(|at| *at == 0 || optional(at - 1)).map(from);
    format!("(?:{})", written.collect::<Vec<_>>().join("|"))
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
    use std::net::{Ipv4Addr, Ipv6Addr};

    use ipnet::{IpNet, Ipv4Net, Ipv6Net};
    use regex::Regex;

    use super::network_pattern;

    fn pattern(network: &str) -> Regex {
        let network: IpNet = network.parse().unwrap();
        Regex::new(&format!(r"\A(?:{})\z", network_pattern(&network))).unwrap()
    }

    #[test]
    fn a_pattern_matches_the_addresses_and_networks_that_a_network_contains() {
        for (text, matching, others) in [
            ("10.0.0.0/8", vec!["10.0.0.1", "10.255.255.255", "10.1.0.0/16"], vec!["11.0.0.1", "10.0.0.0/7", "10.0.0"]),
            ("192.0.2.64/26", vec!["192.0.2.64", "192.0.2.127/32"], vec!["192.0.2.63", "192.0.2.128", "192.0.2.0/24"]),
            ("0.0.0.0/0", vec!["0.0.0.0/0", "203.0.113.9"], vec!["::/0", "256.1.1.1", "x", "01.2.3.4"]),
            ("203.0.113.9/32", vec!["203.0.113.9", "203.0.113.9/32"], vec!["203.0.113.90", "203.0.113.9/3"]),
            (
                "2001:db8::/32",
                vec!["2001:db8::", "2001:DB8::1", "2001:0db8:0:0:0:0:0:1", "2001:db8:1::/48", "2001:db8::203.0.113.9"],
                vec!["2001:db9::", "2001:db8", "2001:db80::", "2001:db8::/31", "2001:db8::1::2", "12001:db8::"],
            ),
            ("::/0", vec!["::", "::1", "::/0", "fe80::1"], vec!["0.0.0.0", ":::", "g::", "1:2"]),
            ("::ffff:10.0.0.0/104", vec!["::ffff:10.1.2.3", "::FFFF:a01:203"], vec!["10.1.2.3", "::ffff:11.0.0.1"]),
            ("::1/128", vec!["::1", "0:0:0:0:0:0:0:1", "::0001", "::1/128"], vec!["::2", "::10", "::1:1", "::"]),
        ] {
            let regex = pattern(text);
            assert!(matching.iter().all(|value| regex.is_match(value)), "{text} {matching:?}");
            assert!(!others.iter().any(|value| regex.is_match(value)), "{text} {others:?}");
        }
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

    #[test]
    fn patterns_of_ipv6_agree_with_the_arithmetic_in_every_spelling() {
        let mut random: u64 = 11;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 32) as u32
        };
        let mut contained = 0;
        for length in 0..=128 {
            // Few groups are not zero, so that `::` has places.
            let groups: [u16; 8] =
                std::array::from_fn(|_| if next().is_multiple_of(3) { (next() >> (next() % 31)) as u16 } else { 0 });
            let network = Ipv6Net::new(Ipv6Addr::from(groups), length).unwrap().trunc();
            let regex = pattern(&network.to_string());
            for _ in 0..20 {
                let mut groups = network.network().segments();
                groups[(next() % 8) as usize] ^= (1 << (next() % 16)) * (next() % 2) as u16;
                let address = Ipv6Addr::from(groups);
                let written = spelling(&groups, &mut next);
                assert_eq!(written.parse::<Ipv6Addr>().unwrap(), address, "{written}");
                assert_eq!(regex.is_match(&written), network.contains(&address), "{network} {written}");
                contained += usize::from(network.contains(&address));
            }
        }
        assert!((500..2_500).contains(&contained), "{contained}");
    }

    /// Returns one of the spellings of an address.
    fn spelling(groups: &[u16; 8], next: &mut impl FnMut() -> u32) -> String {
        let has_dots = next().is_multiple_of(4);
        let in_hex = if has_dots { 6 } else { 8 };
        let mut parts: Vec<String> = groups[..in_hex]
            .iter()
            .map(|group| match next() % 3 {
                0 => format!("{group:04x}"),
                1 => format!("{group:X}"),
                _ => format!("{group:x}"),
            })
            .collect();
        if has_dots {
            let bytes: Vec<u8> = groups[6..].iter().flat_map(|group| group.to_be_bytes()).collect();
            parts.push(bytes.iter().map(u8::to_string).collect::<Vec<_>>().join("."));
        }
        let start = (next() % in_hex as u32) as usize;
        let zeros = groups[start..in_hex].iter().take_while(|group| **group == 0).count();
        if zeros == 0 {
            return parts.join(":");
        }
        let end = start + 1 + next() as usize % zeros;
        format!("{}::{}", parts[..start].join(":"), parts[end..].join(":"))
    }
}
