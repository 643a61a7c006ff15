//! Who is connected, and who may stay.

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

/// Accepts connections until the end is asked for; gives the number of requests.
pub(super) async fn serve(listener: std::net::TcpListener, pool: Arc<Pool>) -> io::Result<u64> {
    let local = listener.local_addr()?.ip().is_loopback();
    let listener = TcpListener::from_std(listener)?;
    let mut interrupted = std::pin::pin!(ctrl_c());
    let mut terminated = std::pin::pin!(terminated());
    let endpoint = Arc::new(Endpoint { pool, local, answered: AtomicU64::new(0) });
    let guests = Arc::new(Guests::default());
    let (end, ending) = watch::channel(false);
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tasks.spawn(attend(stream, Arc::clone(&endpoint), guests.admit(), ending.clone()));
                }
                // Out of descriptors, or a client that is gone already: the next may be luckier.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
            Some(_) = tasks.join_next() => {}
            watched = &mut interrupted => break watched?,
            watched = &mut terminated => break watched?,
        }
    }
    drop(listener);
    let _ = end.send(true);
    let farewell = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        _ = timeout(limits::FAREWELL, farewell) => {}
        // Asked twice: at once.
        _ = ctrl_c() => {}
    }
    Ok(endpoint.answered.load(Ordering::Relaxed))
}

/// Ends when the system asks the program to end.
#[cfg(unix)]
async fn terminated() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}

/// Ends when the system asks the program to end: never, where it has no signal for that.
#[cfg(not(unix))]
async fn terminated() -> io::Result<()> {
    std::future::pending().await
}

/// Answers one connection's requests until either side has had enough.
async fn attend(stream: TcpStream, endpoint: Arc<Endpoint>, seat: Seat, mut ending: watch::Receiver<bool>) {
    // An answer is one write; waiting to fill a packet only delays it.
    let _ = stream.set_nodelay(true);
    let guest = &seat.guest;
    let service = service_fn(|request| {
        let endpoint = Arc::clone(&endpoint);
        async move {
            guest.mark(false);
            let answer = match http::receive(request, &endpoint).await {
                Ok(body) => {
                    let _busy = guest.begin();
                    http::answer(body, &endpoint).await
                }
                Err(wrong) => Err(wrong),
            };
            Ok::<_, Infallible>(http::response(answer, &endpoint))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits::HEAD_TIME).max_buf_size(limits::HEAD);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut told = false;
    loop {
        tokio::select! {
            // A broken client is its own loss: whatever it is, the connection is over.
            _ = connection.as_mut() => return,
            () = guest.still() => return,
            () = guest.leave.notified() => return,
            _ = ending.changed(), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Everybody who is connected.
#[derive(Default)]
struct Guests(Mutex<Vec<Arc<Guest>>>);

impl Guests {
    /// Admits one more. Where there is no place left, the one that has been still for longest goes, so that clients
    /// that do nothing never keep others out.
    fn admit(self: &Arc<Guests>) -> Seat {
        let guest = Arc::new(Guest::new());
        let mut present = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if present.len() >= limits::CONNECTIONS {
            let idle = present.iter().enumerate().filter(|(_, guest)| !guest.busy.load(Ordering::Relaxed));
            let stillest = idle.min_by_key(|(_, guest)| guest.last_sign()).map(|(at, _)| at);
            if let Some(at) = stillest {
                present.swap_remove(at).leave.notify_one();
            }
        }
        present.push(Arc::clone(&guest));
        Seat { guests: Arc::clone(self), guest }
    }
}

/// A guest's place, which is free again when it is dropped.
struct Seat {
    guests: Arc<Guests>,
    guest: Arc<Guest>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut present = self.guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        present.retain(|guest| !Arc::ptr_eq(guest, &self.guest));
    }
}

/// One connection, as the others see it.
struct Guest {
    /// Whether a whole request of its is being answered: it is not the one to go.
    /// There are always others, since fewer requests may wait than there are places.
    busy: AtomicBool,
    /// When it last began or ended a request, or came.
    sign: Mutex<Instant>,
    /// Asks it to leave.
    leave: Notify,
}

impl Guest {
    fn new() -> Guest {
        Guest { busy: AtomicBool::new(false), sign: Mutex::new(Instant::now()), leave: Notify::new() }
    }

    fn last_sign(&self) -> Instant {
        *self.sign.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, busy: bool) {
        *self.sign.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.busy.store(busy, Ordering::Relaxed);
    }

    /// Marks the time in which a request is answered.
    fn begin(&self) -> Busy<'_> {
        self.mark(true);
        Busy(self)
    }

    /// Ends when nothing has been asked, and no answer taken in, for too long.
    async fn still(&self) {
        loop {
            let until = self.last_sign() + limits::STILL;
            sleep_until(until).await;
            if !self.busy.load(Ordering::Relaxed) && self.last_sign() + limits::STILL <= Instant::now() {
                return;
            }
            if self.busy.load(Ordering::Relaxed) {
                sleep(limits::STILL).await;
            }
        }
    }
}

/// As long as it lives, the guest is being answered.
struct Busy<'g>(&'g Guest);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.mark(false);
    }
}
