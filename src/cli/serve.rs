//! `trailq serve`.

use std::net::{IpAddr, SocketAddr};

use clap::Args;

use super::outcome::Outcome;
#[cfg(not(feature = "serve"))]
use crate::diagnostic::Diagnostic;
use crate::session::{Answer, Session, SessionError};

/// Examples for `trailq serve --help`.
const EXAMPLES: &str = "\
Examples:
  trailq serve --port 8080
  aws --endpoint-url http://127.0.0.1:8080 --no-sign-request --region us-east-1 \\
      cloudtrail lookup-events
  AWS_ENDPOINT_URL_CLOUDTRAIL=http://127.0.0.1:8080 python3 report.py

The Region and the credentials of a request are not checked; Ctrl-C stops the server";

/// Serve LookupEvents over HTTP on this machine, for aws and the SDKs
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ServeArgs {
    /// Listen on this port; 0 picks a free one
    #[arg(long, value_name = "N")]
    port: u16,
    /// Listen on this address
    ///
    /// Binding to a non-loopback address exposes the case without authentication
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    address: IpAddr,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: &ServeArgs) -> Result<Outcome, SessionError> {
    serve(session, SocketAddr::new(args.address, args.port))?;
    Ok(Outcome::from(Answer::default()))
}

/// Serves the case at an address until Ctrl-C.
#[cfg(feature = "serve")]
fn serve(session: &mut Session, address: SocketAddr) -> Result<(), SessionError> {
    use std::net::Ipv4Addr;

    use crate::number;
    use crate::serve::Server;

    let server = Server::bind(&*session.case()?, address)?;
    let address = server.address();
    session.status(&format!("serving {} at http://{address}; Ctrl-C stops it", session.welcome()?));
    if !address.ip().is_loopback() {
        session.note("anyone who can reach this address can read the case: requests are not authenticated");
    }
    // Clients cannot connect to a wildcard address.
    let reachable = match address.ip().is_unspecified() {
        true => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        false => address,
    };
    session.status(&format!(
        "try: aws --endpoint-url http://{reachable} --no-sign-request --region us-east-1 cloudtrail lookup-events \
         --max-items 3"
    ));
    let answered = server.run()?;
    session.status(&format!("stopped after {}", number::counted(answered, "request")));
    Ok(())
}

/// Refuses: this build of trailq has no server.
#[cfg(not(feature = "serve"))]
fn serve(_: &mut Session, address: SocketAddr) -> Result<(), SessionError> {
    let mistake = Diagnostic::new(format!("cannot serve at {address}: trailq was built without the feature serve"));
    Err(mistake.hint("build it with `cargo build --release --features serve`").into())
}
