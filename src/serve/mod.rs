//! The LookupEvents endpoint over HTTP for the AWS CLI and SDKs: AWS JSON 1.1 (`guide/internals/formats.md`, 4),
//! read-only.
//!
//! hyper reads and writes HTTP/1.1 on one thread; statements run on a few others. Tests with clients that send half a
//! header, half a body or an endless header compared tiny_http, rouille and hyper: only hyper closed each of them in
//! bounded time and memory; the others kept them open. Everything that a client can make grow has a limit in [`limits`].
//!
//! ```text
//! connections -> http (one request) -> pool (a case for the request) -> lookup_events
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

/// An endpoint that is bound to its address and not yet running.
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    pool: Arc<Pool>,
}

impl Server {
    /// Binds the endpoint of a case to an address; port 0 chooses a free port.
    ///
    /// # Errors
    /// The address is not available, or the case cannot be reopened.
    pub(crate) fn bind(case: &Case, address: SocketAddr) -> Result<Server, Box<Diagnostic>> {
        let refused = |error: io::Error| {
            let mistake =
                Diagnostic::new(format!("cannot listen on {address}: {}", crate::io_message::describe(&error)));
            Box::new(mistake.hint("--port 0 chooses a free port"))
        };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let pool = Pool::new(case).map_err(|error| Box::new(Diagnostic::new(error.to_string())))?;
        Ok(Server { listener, address, pool: Arc::new(pool) })
    }

    /// Returns the address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until SIGINT or SIGTERM, then finishes the open ones within `SHUTDOWN_TIMEOUT`. Returns the
    /// number of requests that were answered.
    ///
    /// # Errors
    /// Threads or signal handlers cannot be created.
    pub(crate) fn run(self) -> io::Result<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(limits::threads())
            .build()?;
        let answered = runtime.block_on(connections::serve(self.listener, self.pool));
        // A statement that is still running is interrupted when its request is dropped.
        runtime.shutdown_timeout(limits::SHUTDOWN_TIMEOUT);
        answered
    }
}
