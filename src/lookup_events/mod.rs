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
mod request_head;
mod shorthand;
mod text;
mod times;
mod token;

#[cfg(feature = "serve")]
pub(crate) use answer::write;
pub(crate) use client::{ClientOptions, OutputFormat, write_as_client};
pub(crate) use error::{ErrorKind, RequestError};
pub(crate) use expression::Expression;
#[cfg(feature = "serve")]
pub(crate) use json::Layout;
pub(crate) use query::{PAGE, Query, Rules};
pub(crate) use request::{Attribute, Request};
#[cfg(feature = "serve")]
pub(crate) use request_head::HeadError;
pub(crate) use request_head::RequestHead;
pub(crate) use shorthand::attributes;
pub(crate) use times::time;
pub(crate) use token::check_token;
