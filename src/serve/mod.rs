//! LookupEvents over HTTP, for the AWS CLI and SDKs: AWS JSON 1.1 (`guide/internals/formats.md`, 4), read-only.
//!
//! hyper reads and writes HTTP/1.1 on one thread; the case is asked on a few others. Of tiny_http, rouille and hyper,
//! tried with clients that send half a header, half a body or a header without end, only hyper gave each up in time
//! and within bounds; the others kept them for ever. Everything that a client can make grow has a bound in [`limits`].
//!
//! ```text
//! connections (who may stay) -> http (one request) -> pool (a case for it) -> lookup_events
//! ```

mod connections;
mod http;
mod limits;
mod pool;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::store::Case;
use pool::Pool;

/// The endpoint, bound to its address, before it answers.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    pool: Arc<Pool>,
}

impl Server {
    /// Binds the endpoint for a case to an address; port 0 takes any that is free.
    ///
    /// # Errors
    /// The address cannot be had, or the case not be opened once more.
    pub fn bind(case: &Case, address: SocketAddr) -> Result<Server, Box<Diagnostic>> {
        let refused = |error: io::Error| {
            let mistake =
                Diagnostic::new(format!("{address} cannot be served: {}", crate::io_message::describe(&error)));
            Box::new(mistake.hint("--port 0 takes any port that is free"))
        };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let pool = Pool::new(case).map_err(|error| Box::new(Diagnostic::new(error.to_string())))?;
        Ok(Server { listener, address, pool: Arc::new(pool) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until SIGINT or SIGTERM, then lets what is being answered end, for a moment. Gives the number of
    /// requests that were answered.
    ///
    /// # Errors
    /// The system refuses the threads or handlers that it needs.
    pub fn run(self) -> io::Result<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(limits::threads())
            .build()?;
        let answered = runtime.block_on(connections::serve(self.listener, self.pool));
        // A statement that runs on is interrupted when nobody waits for it any more.
        runtime.shutdown_timeout(limits::SHUTDOWN_TIMEOUT);
        answered
    }
}
