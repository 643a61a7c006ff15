//! Event history's own question and answer, LookupEvents, on a case.
//!
//! ```text
//! options or JSON -> Request -> check -> Query (a tree of the lookup language, and a place to go on from)
//!                 -> statement -> entries in AWS's JSON, and the token of the next page
//!                              -> or as the AWS CLI prints them: --query (JMESPath), --output text, page by page
//! ```
//!
//! `trailq lookup-events` and `trailq serve` differ only in the [`Rules`] that a request is held to and in the
//! [`Layout`] of the answer. What an attribute, a period or a category selects is said in the lookup language, so that
//! the same restriction there gives the same events.

mod answer;
mod client;
mod error;
mod expression;
mod growth;
mod json;
mod query;
mod request;
mod shorthand;
mod text;
mod times;
mod token;

pub use answer::write;
pub use client::{ClientOptions, OutputFormat, write_as_client};
pub use error::{ErrorKind, RequestError};
pub use expression::Expression;
pub use json::Layout;
pub use query::{PAGE, Query, Rules};
pub use request::{Attribute, AttributeKey, Request};
pub use shorthand::attributes;
pub use times::time;
