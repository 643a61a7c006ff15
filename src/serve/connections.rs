//! Open connections: accepts them, limits their number and closes idle ones.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::ctrl_c;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep, sleep_until, timeout};

use super::http::{self, Endpoint};
use super::limits;
use super::pool::Pool;

/// Accepts connections until SIGINT or SIGTERM, and returns the number of requests that were answered.
pub(super) async fn serve(listener: std::net::TcpListener, pool: Arc<Pool>) -> io::Result<u64> {
    let local = listener.local_addr()?.ip().is_loopback();
    let listener = TcpListener::from_std(listener)?;
    let mut interrupted = std::pin::pin!(ctrl_c());
    let mut terminated = std::pin::pin!(terminated());
    let endpoint = Arc::new(Endpoint { pool, local, answered: AtomicU64::new(0) });
    let connections = Arc::new(Connections::default());
    let (end, ending) = watch::channel(false);
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tasks.spawn(serve_connection(stream, Arc::clone(&endpoint), connections.admit(), ending.clone()));
                }
                // Out of descriptors, or the client has already closed: later connections may succeed.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
            Some(_) = tasks.join_next() => {}
            watched = &mut interrupted => break watched?,
            watched = &mut terminated => break watched?,
        }
    }
    drop(listener);
    let _ = end.send(true);
    let finished = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        _ = timeout(limits::SHUTDOWN_TIMEOUT, finished) => {}
        // A second SIGINT ends at once.
        _ = ctrl_c() => {}
    }
    Ok(endpoint.answered.load(Ordering::Relaxed))
}

/// Completes on SIGTERM.
#[cfg(unix)]
async fn terminated() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}

/// Never completes: this system has no such signal.
#[cfg(not(unix))]
async fn terminated() -> io::Result<()> {
    std::future::pending().await
}

/// Answers the requests of one connection until either side closes it.
async fn serve_connection(stream: TcpStream, endpoint: Arc<Endpoint>, slot: Slot, mut ending: watch::Receiver<bool>) {
    // An answer is one write, which Nagle's algorithm would only delay.
    let _ = stream.set_nodelay(true);
    let connection = &slot.connection;
    let service = service_fn(|request| {
        let endpoint = Arc::clone(&endpoint);
        async move {
            connection.mark(false);
            let answer = match http::receive(request, &endpoint).await {
                Ok(body) => {
                    let _busy = connection.begin();
                    http::answer(body, &endpoint).await
                }
                Err(error) => Err(error),
            };
            Ok::<_, Infallible>(http::response(answer, &endpoint))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits::HEAD_TIMEOUT).max_buf_size(limits::MAX_HEAD_BYTES);
    let exchange = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(exchange);
    let mut is_ending = false;
    loop {
        tokio::select! {
            // An error of the client ends the connection as its close does.
            _ = exchange.as_mut() => return,
            () = connection.idle_timeout() => return,
            () = connection.close.notified() => return,
            _ = ending.changed(), if !is_ending => {
                is_ending = true;
                exchange.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The open connections.
#[derive(Default)]
struct Connections(Mutex<Vec<Arc<Connection>>>);

impl Connections {
    /// Admits a connection. At the limit, the connection that has been idle for longest is closed, so that idle
    /// clients never keep others out.
    fn admit(self: &Arc<Connections>) -> Slot {
        let connection = Arc::new(Connection::new());
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= limits::MAX_CONNECTIONS {
            let idle = open.iter().enumerate().filter(|(_, connection)| !connection.busy.load(Ordering::Relaxed));
            let oldest = idle.min_by_key(|(_, connection)| connection.last_activity()).map(|(at, _)| at);
            if let Some(at) = oldest {
                open.swap_remove(at).close.notify_one();
            }
        }
        open.push(Arc::clone(&connection));
        Slot { connections: Arc::clone(self), connection }
    }
}

/// The entry of a connection in the list, removed when dropped.
struct Slot {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| !Arc::ptr_eq(connection, &self.connection));
    }
}

/// The state of a connection that other connections read.
struct Connection {
    /// True while a complete request is being answered: the connection is not closed to admit another one.
    /// There are always others to close, since `MAX_QUEUED` is less than `MAX_CONNECTIONS`.
    busy: AtomicBool,
    /// The time of the last begin or end of a request, or of the connection.
    activity: Mutex<Instant>,
    /// Signals that the connection is to be closed.
    close: Notify,
}

impl Connection {
    fn new() -> Connection {
        Connection { busy: AtomicBool::new(false), activity: Mutex::new(Instant::now()), close: Notify::new() }
    }

    fn last_activity(&self) -> Instant {
        *self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, busy: bool) {
        *self.activity.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.busy.store(busy, Ordering::Relaxed);
    }

    /// Marks the connection as busy until the guard is dropped.
    fn begin(&self) -> BusyGuard<'_> {
        self.mark(true);
        BusyGuard(self)
    }

    /// Completes after `IDLE_TIMEOUT` without a request and without an answer being received.
    async fn idle_timeout(&self) {
        loop {
            let until = self.last_activity() + limits::IDLE_TIMEOUT;
            sleep_until(until).await;
            if !self.busy.load(Ordering::Relaxed) && self.last_activity() + limits::IDLE_TIMEOUT <= Instant::now() {
                return;
            }
            if self.busy.load(Ordering::Relaxed) {
                sleep(limits::IDLE_TIMEOUT).await;
            }
        }
    }
}

/// Marks a connection as idle again when dropped.
struct BusyGuard<'g>(&'g Connection);

impl Drop for BusyGuard<'_> {
    fn drop(&mut self) {
        self.0.mark(false);
    }
}
