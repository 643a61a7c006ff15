//! One HTTP request: has its head checked, reads its body, and writes the answer in AWS JSON 1.1.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response, StatusCode};

use super::limits;
use super::pool::{Pool, Refusal};
use crate::escape::json_string;
use crate::hash::sha256;
use crate::lookup_events::{self, ErrorKind, HeadError, Layout, RequestError, RequestHead, Rules};
use crate::store::{Case, QueryError};

/// The header that names the operation.
const TARGET: &str = "x-amz-target";

/// State shared by all connections.
pub(super) struct Endpoint {
    pub(super) pool: Arc<Pool>,
    /// True if the address is a loopback address.
    pub(super) local: bool,
    pub(super) answered: AtomicU64,
}

/// An error response.
pub(super) struct HttpError {
    status: StatusCode,
    /// The value of `__type` in the body.
    name: &'static str,
    message: String,
}

impl HttpError {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> HttpError {
        HttpError { status, name, message: message.into() }
    }
}

impl From<RequestError> for HttpError {
    fn from(error: RequestError) -> HttpError {
        HttpError::new(StatusCode::BAD_REQUEST, error.kind.name(), error.message)
    }
}

impl From<HeadError> for HttpError {
    fn from(error: HeadError) -> HttpError {
        // The status of a head is a constant of that module.
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        HttpError::new(status, error.name, error.message)
    }
}

impl From<Refusal> for HttpError {
    fn from(refusal: Refusal) -> HttpError {
        match refusal {
            Refusal::QueueFull => {
                let message = format!("{} requests are already queued: try again", limits::MAX_QUEUED);
                HttpError::new(StatusCode::BAD_REQUEST, "ThrottlingException", message)
            }
            Refusal::TimedOut => {
                let message = format!(
                    "no answer within {} seconds: narrow the period or the attributes",
                    limits::ANSWER_TIMEOUT.as_secs()
                );
                HttpError::new(StatusCode::BAD_REQUEST, "OperationNotPermittedException", message)
            }
            Refusal::Busy(reason) => HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", reason),
            Refusal::Broken(reason) => HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", reason),
        }
    }
}

impl From<QueryError> for HttpError {
    fn from(failure: QueryError) -> HttpError {
        match failure {
            QueryError::Interrupted => Refusal::TimedOut.into(),
            QueryError::Store(error) if error.is_busy() => {
                HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", error.to_string())
            }
            other => HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", other.to_string()),
        }
    }
}

/// Returns the body of a request for the operation.
pub(super) async fn receive(request: Request<Incoming>, endpoint: &Endpoint) -> Result<Bytes, HttpError> {
    check_head(&request, endpoint)?;
    body(request).await
}

/// Returns the page that a request body asks for.
pub(super) async fn answer(body: Bytes, endpoint: &Endpoint) -> Result<Vec<u8>, HttpError> {
    let page = |case: &Case, body: &[u8]| -> Result<Vec<u8>, HttpError> {
        let query = lookup_events::Request::from_json(body)?.check(Rules::Aws)?;
        let mut page = Vec::new();
        lookup_events::write(case, &query, Layout::Wire, &mut page)?;
        Ok(page)
    };
    endpoint.pool.ask(move |case| page(case, &body)).await?
}

/// Builds the response of a page or of an error.
pub(super) fn response(answer: Result<Vec<u8>, HttpError>, endpoint: &Endpoint) -> Response<Full<Bytes>> {
    let number = endpoint.answered.fetch_add(1, Ordering::Relaxed) + 1;
    let (status, body) = match answer {
        Ok(page) => (StatusCode::OK, page),
        Err(HttpError { status, name, message }) => {
            let body = format!("{{\"__type\":\"{name}\",\"message\":{}}}", json_string(&message));
            (status, body.into_bytes())
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    if let Ok(id) = HeaderValue::try_from(request_id(number)) {
        headers.insert("x-amzn-requestid", id);
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// Returns a request id in the form of AWS's, distinct for each request.
fn request_id(number: u64) -> String {
    let digest = sha256(format!("{} {number} {}", std::process::id(), crate::time::now()).as_bytes());
    let parts = [&digest[..8], &digest[8..12], &digest[12..16], &digest[16..20], &digest[20..32]];
    parts.join("-")
}

/// Checks the head of a request.
fn check_head(request: &Request<Incoming>, endpoint: &Endpoint) -> Result<(), HttpError> {
    let header = |name| request.headers().get(name).map(HeaderValue::as_bytes);
    let head = RequestHead { method: request.method().as_str(), host: header(HOST.as_str()), target: header(TARGET) };
    Ok(head.check(endpoint.local)?)
}

/// Reads the body, within its limits of size and time.
async fn body(request: Request<Incoming>) -> Result<Bytes, HttpError> {
    let limited = Limited::new(request.into_body(), limits::MAX_BODY_BYTES);
    match tokio::time::timeout(limits::BODY_TIMEOUT, limited.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("the body is larger than {} bytes", limits::MAX_BODY_BYTES);
            Err(HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message))
        }
        Ok(Err(error)) => {
            let message = format!("the body could not be read: {error}");
            Err(HttpError::new(StatusCode::BAD_REQUEST, ErrorKind::Serialization.name(), message))
        }
        Err(_) => {
            let message = format!("the body was not received within {} seconds", limits::BODY_TIMEOUT.as_secs());
            Err(HttpError::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", message))
        }
    }
}
