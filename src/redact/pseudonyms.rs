//! What stands in place of what. The same original has the same pseudonym, different ones have different ones.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::hash::hex;

/// Digits of 5 bits, as keys have them.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters of a key that say what it is a key of.
const PREFIX: usize = 4;
/// Characters of the pseudonym of a name.
const NAME: usize = 12;

/// Pseudonyms under one secret.
pub struct Pseudonyms {
    secret: [u8; 32],
    /// What must not be given as a pseudonym: it is an original.
    originals: HashSet<String>,
    given: Mutex<Given>,
}

/// What was given so far.
#[derive(Default)]
struct Given {
    /// By kind and original.
    pseudonyms: HashMap<(&'static str, String), String>,
    taken: HashSet<String>,
}

/// 32 bytes that depend on the secret.
type Bits = [u8; 32];

impl Pseudonyms {
    /// Pseudonyms under a new secret.
    pub(super) fn new(originals: HashSet<String>) -> Result<Pseudonyms, String> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| format!("the system gives no random numbers: {error}"))?;
        Ok(Pseudonyms { secret, originals, given: Mutex::default() })
    }

    /// The secret, in hexadecimal.
    pub fn secret(&self) -> String {
        hex(&self.secret)
    }

    /// Everything that was replaced: what it is, what it was, and what stands in its place.
    pub fn all(&self) -> Vec<(&'static str, String, String)> {
        let given = self.lock();
        let mut all: Vec<_> = given
            .pseudonyms
            .iter()
            .map(|((kind, original), pseudonym)| (*kind, original.clone(), pseudonym.clone()))
            .collect();
        all.sort();
        all
    }

    /// A panic while the lock was held leaves at worst a pseudonym that nobody uses.
    fn lock(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bits(&self, kind: &str, original: &str, turn: u32) -> Bits {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return [0; 32] };
        for part in [kind.as_bytes(), &turn.to_le_bytes(), original.as_bytes()] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    pub(super) fn digest(&self, text: &str) -> String {
        hex(&self.bits("digest", text, 0))
    }

    /// The pseudonym of an original; `make` makes one of bits that depend on it.
    fn give(&self, kind: &'static str, original: &str, make: impl Fn(&Bits) -> String) -> String {
        let mut given = self.lock();
        let key = (kind, original.to_owned());
        if let Some(pseudonym) = given.pseudonyms.get(&key) {
            return pseudonym.clone();
        }
        let mut turn = 0;
        loop {
            let pseudonym = make(&self.bits(kind, original, turn));
            turn += 1;
            if !self.originals.contains(&pseudonym) && given.taken.insert(pseudonym.clone()) {
                given.pseudonyms.insert(key, pseudonym.clone());
                return pseudonym;
            }
        }
    }

    /// Twelve digits for twelve digits; the first is no 0, so that it can stand as a number.
    pub(super) fn account(&self, account: &str) -> String {
        self.give("account", account, |bits| (number(bits) % 900_000_000_000 + 100_000_000_000).to_string())
    }

    /// A key of the same kind and length.
    pub(super) fn key(&self, key: &str) -> String {
        let (prefix, rest) = key.split_at(PREFIX.min(key.len()));
        self.give("key", key, |bits| {
            let digits = bits.iter().cycle().zip(0_u8..).take(rest.len());
            let digit = |(byte, at): (&u8, u8)| char::from(BASE32[usize::from(byte.wrapping_add(at / 32) % 32)]);
            prefix.chars().chain(digits.map(digit)).collect()
        })
    }

    /// An address in 240.0.0.0/4 or 2001:db8::/32.
    pub(super) fn address(&self, address: IpAddr) -> String {
        self.give("address", &address.to_string(), |bits| match address {
            IpAddr::V4(_) => Ipv4Addr::new(240 | bits[0] & 15, bits[1], bits[2], bits[3]).to_string(),
            IpAddr::V6(_) => {
                let mut octets = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                octets[4..].copy_from_slice(&bits[..12]);
                Ipv6Addr::from(octets).to_string()
            }
        })
    }

    /// A word for a word of a name.
    pub(super) fn word(&self, word: &str) -> String {
        self.give("name", word, |bits| {
            let letter = |byte: &u8| char::from(BASE32[usize::from(byte % 32)].to_ascii_lowercase());
            std::iter::once('x').chain(bits.iter().take(NAME - 1).map(letter)).collect()
        })
    }
}

/// A large number made of bits.
fn number(bits: &Bits) -> u64 {
    bits.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
