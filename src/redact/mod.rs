//! Redaction: what identifies somebody is replaced in texts and records by what does not, always by the same. Knows no case
//! and no screen.
//!
//! What is looked for is told by its shape (`identifiers`) or was met before where such a thing stands (a user's name, the
//! name in an ARN: [`Found`], `names`). It is replaced in every text and in what the text says where its encodings are read
//! (`encodings`, `spans`). CloudTrail's own values stay where they have its shapes (`shapes`), and words of AWS's APIs where
//! a name is only a part of them (`words`). A pseudonym is made with a secret by HMAC, so that nobody can find the original
//! by trying all there are.
//!
//! What cannot be looked into is replaced as a whole or refused: nothing passes because it was not understood.

mod encodings;
mod entities;
mod identifiers;
mod json;
mod key;
mod kind;
mod matches;
mod names;
mod pseudonyms;
mod redactor;
mod resource_names;
mod shapes;
mod spans;
mod words;

pub use entities::Entities;
pub use json::Rewriter;
pub use key::KeyFile;
pub use kind::{Kind, implied};
pub use pseudonyms::Pseudonyms;
pub use redactor::Redactor;
pub(crate) use shapes::{LACKS, Shape};

#[cfg(test)]
mod tests;
