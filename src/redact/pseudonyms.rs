//! Pseudonyms. Equal originals have equal pseudonyms, different originals have different ones.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::hash::hex;

/// The base-32 digits of keys.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The length of a key's prefix, which names its kind.
const PREFIX: usize = 4;
/// Characters of the pseudonym of a name.
const NAME: usize = 12;

/// Pseudonyms under one secret.
pub struct Pseudonyms {
    secret: [u8; 32],
    /// Originals in lower case, which must not become pseudonyms.
    originals: HashSet<String>,
    given: Mutex<Assignments>,
}

/// The pseudonyms that have been assigned.
#[derive(Default)]
struct Assignments {
    /// By kind and original.
    pseudonyms: HashMap<(&'static str, String), String>,
    /// Pseudonyms of names, both in lower case.
    names: HashMap<String, String>,
    taken: HashSet<String>,
}

/// 32 bytes that depend on the secret.
type Bits = [u8; 32];

impl Pseudonyms {
    /// Returns pseudonyms under a new secret.
    pub(super) fn new(originals: HashSet<String>) -> Result<Pseudonyms, String> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| format!("the system gives no random numbers: {error}"))?;
        Ok(Pseudonyms { secret, originals, given: Mutex::default() })
    }

    /// Returns the secret, in hexadecimal.
    pub fn secret(&self) -> String {
        hex(&self.secret)
    }

    /// Returns kind, original and pseudonym of everything that was replaced.
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

    /// Locks the assignments. A panic while the lock was held leaves at worst an unused pseudonym.
    fn lock(&self) -> MutexGuard<'_, Assignments> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    fn bits(&self, kind: &str, original: &str, turn: u32) -> Bits {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        for part in [kind.as_bytes(), &turn.to_le_bytes(), original.as_bytes()] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    pub(super) fn digest(&self, text: &str) -> String {
        hex(&self.bits("digest", text, 0))
    }

    /// Returns the pseudonym of an original; `make` makes one of bits that depend on it.
    fn give(&self, kind: &'static str, original: &str, make: impl Fn(&Bits) -> String) -> String {
        let mut given = self.lock();
        let key = (kind, original.to_owned());
        if let Some(pseudonym) = given.pseudonyms.get(&key) {
            return pseudonym.clone();
        }
        let pseudonym = self.take_free(&mut given.taken, kind, original, make);
        given.pseudonyms.insert(key, pseudonym.clone());
        pseudonym
    }

    /// Returns the first free pseudonym of an original.
    fn take_free(
        &self,
        taken: &mut HashSet<String>,
        kind: &str,
        original: &str,
        make: impl Fn(&Bits) -> String,
    ) -> String {
        let mut turn = 0;
        loop {
            let pseudonym = make(&self.bits(kind, original, turn));
            turn += 1;
            if !self.originals.contains(&pseudonym.to_lowercase()) && taken.insert(pseudonym.clone()) {
                return pseudonym;
            }
        }
    }

    /// Replaces twelve digits by twelve digits; the first is not 0, so that they are also a valid number.
    pub(super) fn account(&self, account: &str) -> String {
        self.give("account", account, |bits| (number(bits) % 900_000_000_000 + 100_000_000_000).to_string())
    }

    /// Replaces a key by one of the same kind and length.
    pub(super) fn key(&self, key: &str) -> String {
        let (prefix, rest) = key.split_at(PREFIX.min(key.len()));
        self.give("key", key, |bits| {
            let digits = bits.iter().cycle().zip(0_u8..).take(rest.len());
            let digit = |(byte, at): (&u8, u8)| char::from(BASE32[usize::from(byte.wrapping_add(at / 32) % 32)]);
            prefix.chars().chain(digits.map(digit)).collect()
        })
    }

    /// Replaces an address by one in 240.0.0.0/4 or 2001:db8::/32. An IPv4-mapped address remains one.
    pub(super) fn address(&self, address: IpAddr) -> String {
        if let (IpAddr::V6(_), four @ IpAddr::V4(_)) = (address, address.to_canonical()) {
            return format!("::ffff:{}", self.address(four));
        }
        self.give("address", &address.to_string(), |bits| match address {
            IpAddr::V4(_) => Ipv4Addr::new(240 | bits[0] & 15, bits[1], bits[2], bits[3]).to_string(),
            IpAddr::V6(_) => {
                let mut octets = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                octets[4..].copy_from_slice(&bits[..12]);
                Ipv6Addr::from(octets).to_string()
            }
        })
    }

    /// Replaces a word of a name. Spellings that differ in case only get the same letters in the case of each, so
    /// that they can be distinguished as before.
    pub(super) fn word(&self, word: &str) -> String {
        let small = word.to_lowercase();
        let mut given = self.lock();
        if let Some(pseudonym) = given.pseudonyms.get(&("name", word.to_owned())) {
            return pseudonym.clone();
        }
        let letters = match given.names.get(&small) {
            Some(letters) => letters.clone(),
            None => {
                let letter = |byte: &u8| char::from(BASE32[usize::from(byte % 32)].to_ascii_lowercase());
                let letters = self.take_free(&mut given.taken, "name", &small, |bits| {
                    std::iter::once('x').chain(bits.iter().take(NAME - 1).map(letter)).collect()
                });
                given.names.insert(small.clone(), letters.clone());
                letters
            }
        };
        let pseudonym = match word == small {
            true => letters,
            false => self.spelled(&mut given.taken, word, &letters),
        };
        given.pseudonyms.insert(("name", word.to_owned()), pseudonym.clone());
        pseudonym
    }

    /// Returns letters in a case that only this spelling of a word has.
    fn spelled(&self, taken: &mut HashSet<String>, word: &str, letters: &str) -> String {
        let (first, rest) = letters.split_at(1);
        let simple = match () {
            () if word == word.to_uppercase() => letters.to_ascii_uppercase(),
            () => format!("{}{rest}", first.to_ascii_uppercase()),
        };
        if taken.insert(simple.clone()) {
            return simple;
        }
        self.take_free(taken, "case", word, |bits| {
            let cased = |(letter, byte): (char, &u8)| match byte & 1 {
                1 => letter.to_ascii_uppercase(),
                _ => letter,
            };
            letters.chars().zip(bits).map(cased).collect()
        })
    }
}

/// Returns a large number of bits.
fn number(bits: &Bits) -> u64 {
    bits.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
