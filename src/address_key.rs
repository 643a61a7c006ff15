//! Sort keys of IP addresses: a network is one range of texts, in every engine.

use std::net::IpAddr;

/// Returns the sort key of an address: `4:` and 8 hexadecimal digits, or `6:` and 32.
pub(crate) fn address_key(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("4:{:08x}", u32::from(address)),
        IpAddr::V6(address) => format!("6:{:032x}", u128::from(address)),
    }
}
