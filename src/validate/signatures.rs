//! Verifies the signatures of digests: RSASSA-PKCS1-v1_5 with SHA-256 (`guide/internals/formats.md`, 5.2).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use crate::hash::hex;
use crate::proof::PublicKey;
use crate::validate::evidence::DigestCopy;

/// The name that digests have for the algorithm.
const ALGORITHM: &str = "SHA256withRSA";
/// The DER of the algorithm `rsaEncryption` with its null parameters, in a SubjectPublicKeyInfo.
const RSA_ENCRYPTION: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// The public keys, by fingerprint.
#[derive(Debug, Default)]
pub(super) struct KeyRing {
    keys: BTreeMap<String, Vec<u8>>,
    /// Keys whose fingerprint is not that of their bytes.
    pub(super) wrong: BTreeSet<String>,
}

impl KeyRing {
    /// Returns a key ring of those keys that are what they say.
    pub(super) fn new(keys: &[PublicKey]) -> KeyRing {
        let mut ring = KeyRing::default();
        for key in keys {
            let fingerprint = key.fingerprint.to_ascii_lowercase();
            let bytes = STANDARD.decode(key.value.trim()).unwrap_or_default();
            if bytes.is_empty() || (!fingerprint.is_empty() && hex(&Md5::digest(&bytes)) != fingerprint) {
                ring.wrong.insert(key.fingerprint.clone());
                continue;
            }
            ring.keys.insert(hex(&Md5::digest(&bytes)), bytes);
        }
        ring
    }

    /// Reports whether the key that a digest names is here, and its algorithm is known.
    pub(super) fn has_key_of(&self, digest: &DigestCopy) -> bool {
        self.keys.contains_key(&digest.fingerprint.to_ascii_lowercase())
    }

    /// Reports whether a signature is that of a digest.
    pub(super) fn verifies(&self, digest: &DigestCopy, signature: &str) -> bool {
        let Some(key) = self.keys.get(&digest.fingerprint.to_ascii_lowercase()) else { return false };
        let (Some(text), Some(signature)) = (signed_text(digest), bytes_of(signature)) else { return false };
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pkcs1(key));
        key.verify(text.as_bytes(), &signature).is_ok()
    }
}

/// Reports whether the algorithm of a digest's signature is the one that CloudTrail documents.
pub(super) fn is_known_algorithm(digest: &DigestCopy) -> bool {
    digest.algorithm.as_deref().is_none_or(|name| name == ALGORITHM)
}

/// Returns the text that is signed; `None` if the hash of the digest is not known.
fn signed_text(digest: &DigestCopy) -> Option<String> {
    let DigestCopy { end_text, bucket, key, .. } = digest;
    let previous = digest.previous_signature.as_deref().unwrap_or("null");
    Some(format!("{end_text}\n{bucket}/{key}\n{}\n{previous}", hex(&digest.sum?)))
}

/// Returns the bytes that hexadecimal digits stand for.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Returns the PKCS#1 key in a DER that may be a SubjectPublicKeyInfo: one of the samples in AWS's user guide is.
fn pkcs1(der: &[u8]) -> &[u8] {
    let inner = || -> Option<&[u8]> {
        let (0x30, outer) = element(der)? else { return None };
        let (0x03, bits) = element(outer.strip_prefix(RSA_ENCRYPTION)?)? else { return None };
        // The first byte is the number of unused bits.
        bits.strip_prefix(&[0])
    };
    inner().unwrap_or(der)
}

/// Returns the tag and the content of a DER element.
fn element(der: &[u8]) -> Option<(u8, &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes(*rest.first_chunk::<2>()?)), rest.get(2..)?),
        _ => return None,
    };
    Some((tag, rest.get(..length)?))
}
