//! The head of a request over HTTP: its host, its method and the operation that it names.

use std::net::IpAddr;

/// The prefix of the operation's name. Some SDKs put a namespace before it.
const SERVICE: &str = "CloudTrail_20131101.";
/// The only supported operation.
const OPERATION: &str = "LookupEvents";
const USE_AWS: &str = "this endpoint is CloudTrail's LookupEvents on a trailq case: call it with the AWS CLI or an SDK";

/// The parts of a request head that are checked. The path and other headers are ignored.
pub(crate) struct RequestHead<'h> {
    pub(crate) method: &'h str,
    /// The value of `Host`.
    pub(crate) host: Option<&'h [u8]>,
    /// The value of `X-Amz-Target`, which names the operation.
    pub(crate) target: Option<&'h [u8]>,
}

/// An error of a request head.
#[derive(Debug)]
pub(crate) struct HeadError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The value of `__type` in the body.
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl RequestHead<'_> {
    /// Checks that the request calls LookupEvents. `local`: the endpoint has a loopback address.
    ///
    /// # Errors
    /// The host is not local, the method is not POST, or another operation is named.
    pub(crate) fn check(&self, local: bool) -> Result<(), HeadError> {
        if local {
            self.check_host()?;
        }
        self.check_operation()
    }

    /// Rejects host names that are not local, against DNS rebinding: a web page must not read the case through a name
    /// of its own that resolves to this machine.
    fn check_host(&self) -> Result<(), HeadError> {
        let Some(host) = self.host else { return Ok(()) };
        let host = header_text(host);
        let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => host.split(':').next().unwrap_or_default(),
        };
        if name.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost") {
            return Ok(());
        }
        let message = "the Host header must be an IP address or localhost; see `trailq serve --address`".to_owned();
        Err(HeadError { status: 403, name: "AccessDeniedException", message })
    }

    fn check_operation(&self) -> Result<(), HeadError> {
        let unknown = |message: String| HeadError { status: 400, name: "UnknownOperationException", message };
        if self.method != "POST" {
            let message = format!("{} is not supported, only POST: {USE_AWS}", self.method);
            return Err(HeadError { status: 405, ..unknown(message) });
        }
        let Some(target) = self.target else {
            return Err(unknown(format!("there is no X-Amz-Target header: {USE_AWS}")));
        };
        let target = header_text(target);
        match target.rsplit_once(SERVICE) {
            Some((_, OPERATION)) => Ok(()),
            Some((_, other)) => {
                let message = format!("operation {other} is not supported: trailq answers {OPERATION} only");
                Err(HeadError { status: 400, name: "UnsupportedOperationException", message })
            }
            None => Err(unknown(format!("`{target}` is not an operation of CloudTrail: {USE_AWS}"))),
        }
    }
}

/// Returns the value of a header as text, empty if it has other characters than printable ones of ASCII.
fn header_text(value: &[u8]) -> &str {
    match std::str::from_utf8(value) {
        Ok(text) if text.bytes().all(|byte| byte == b'\t' || matches!(byte, b' '..=b'~')) => text,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::RequestHead;

    const TARGET: &[u8] = b"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";

    fn status(method: &str, host: Option<&[u8]>, target: Option<&[u8]>, local: bool) -> u16 {
        RequestHead { method, host, target }.check(local).map_or_else(|error| error.status, |()| 200)
    }

    #[test]
    fn a_local_endpoint_takes_local_hosts_only() {
        for (host, expected) in [
            ("localhost", 200),
            ("localhost:8080", 200),
            ("trail.localhost:1", 200),
            ("127.0.0.1:80", 200),
            ("[::1]:80", 200),
            ("", 403),
            ("evil.example", 403),
            ("evil.example:80", 403),
            ("localhost.evil.example", 403),
            ("evillocalhost", 403),
            ("[evil.example]", 403),
            ("[::1", 403),
        ] {
            assert_eq!(status("POST", Some(host.as_bytes()), Some(TARGET), true), expected, "{host}");
            assert_eq!(status("POST", Some(host.as_bytes()), Some(TARGET), false), 200, "{host}");
        }
        assert_eq!(status("POST", None, Some(TARGET), true), 200);
        assert_eq!(status("POST", Some(b"\xff"), Some(TARGET), true), 403);
    }

    #[test]
    fn other_methods_and_operations_are_rejected() {
        for (method, target, expected) in [
            ("POST", TARGET, 200),
            ("POST", b"CloudTrail_20131101.LookupEvents", 200),
            ("POST", b"CloudTrail_20131101.LookupEventsx", 400),
            ("POST", b"LookupEvents", 400),
            ("POST", b"", 400),
            ("POST", b"CloudTrail_20131101.LookupEvents\xff", 400),
            ("post", TARGET, 405),
            ("GET", TARGET, 405),
        ] {
            assert_eq!(status(method, None, Some(target), true), expected, "{method} {target:?}");
        }
        assert_eq!(status("POST", None, None, true), 400);
    }
}
