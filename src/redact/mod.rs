//! Redaction: identifiers of people and accounts are replaced in texts and records by pseudonyms, consistently. Knows
//! neither cases nor screens.
//!
//! An identifier is recognized by its shape (`recognize`, `identifiers`), or was collected before from a field that contains one (a
//! user's name, the name in an ARN: [`Entities`], `names`). It is replaced in every text, and in the text's decoded
//! forms (`encodings`, `spans`). CloudTrail's own values are kept if they have the expected shapes (`shapes`), and
//! words of AWS's APIs if a name is only a part of them (`words`). A pseudonym is an HMAC under a secret, so that the
//! original cannot be found by trying all candidates.
//!
//! Redaction fails closed: a text that cannot be decoded or parsed is replaced as a whole, or refused.

mod encodings;
mod entities;
mod identifiers;
mod json;
mod key;
mod kind;
mod matches;
mod names;
mod pseudonyms;
mod recognize;
mod redactor;
mod resource_names;
mod shapes;
mod spans;
mod words;

pub(crate) use entities::Entities;
pub(crate) use json::Rewriter;
pub(crate) use key::KeyFile;
pub(crate) use kind::Kind;
pub(crate) use redactor::Redactor;
pub(crate) use shapes::{LACKS, Shape};

#[cfg(test)]
mod tests;
