//! Event history's API, LookupEvents, on a case.
//!
//! ```text
//! options or JSON -> Request -> check -> Query (a tree of the lookup language, and the position of the page)
//!                 -> statement -> entries in AWS's JSON, and the token of the next page
//!                              -> or as the AWS CLI prints them: --query (JMESPath), --output text, page by page
//! ```
//!
//! `trailq lookup-events` and `trailq serve` differ only in the [`Rules`] that they apply to a request and in the
//! [`Layout`] of the answer. Attributes, periods and categories are translated to the lookup language, so that
//! the same restriction there gives the same events.

mod answer;
mod client;
mod entry;
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
