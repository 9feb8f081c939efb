//! Starts the server and ends it in order.

use super::access::{AccessError, Book};
use super::app::{App, Shared};
use super::archive::Archive;
use super::bounds::Bounds;
use super::error::Problem;
use super::images::ImageCache;
use super::limit::Doors;
use super::metrics::Metrics;
use super::settings::Settings;
use super::worker::{self, LoadReader, Taking};
use super::{api, headers, pages, tell};
use crate::decode;
use crate::pipeline::{self, ArchiveError};
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use std::{any::Any, io};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

/// Answers under way get so long once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// A body that is no upload comes within this, or not at all.
const LONGEST_REQUEST: Duration = Duration::from_secs(120);
/// Largest body that is no upload.
const MOST_BODY_BYTES: usize = 256 << 10;

/// What a server is started with.
pub struct Options {
    /// Folder of the archive.
    pub archive: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether clients come through a proxy that ends TLS.
    pub behind_proxy: bool,
    /// Certificate chain and key, both PEM.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// How the server behaves.
    pub settings: Settings,
    /// Limits of decoding.
    pub decode: decode::Settings,
    /// How many pages of handed-in files are read at once.
    pub pipeline: pipeline::Settings,
    /// This program.
    pub program: PathBuf,
    /// What makes this program the reader of one file under suspicion.
    pub apart: Vec<OsString>,
    /// Loads what reads pages.
    pub load_reader: LoadReader,
}

/// The server cannot start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Passwords and letters would cross the network in the clear.
    #[error(
        "{0} can be reached from other machines: give --certificate and --key, or --behind-proxy where a proxy ends TLS"
    )]
    Clear(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system answered.
        source: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("the certificate or its key cannot be used: {0}")]
    Certificate(io::Error),
    /// The archive cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The accounts cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Threads, signals or sockets fail.
    #[error("the server cannot go on: {0}")]
    System(#[from] io::Error),
}

/// What is told once the server listens.
pub struct Ready {
    /// The server's address.
    pub url: String,
    /// The page that makes the first administrator, where there is none.
    pub first_link: Option<String>,
}

/// Serves until the process is told to stop; `ready` is called once connections are taken.
///
/// # Errors
/// [`ServeError`] when the server cannot start.
pub fn run(options: Options, ready: impl FnOnce(Ready)) -> Result<(), ServeError> {
    let secure = options.behind_proxy || options.certificate.is_some();
    if !options.listen.ip().is_loopback() && !secure {
        return Err(ServeError::Clear(options.listen));
    }
    let archive = Archive::open(&options.archive)?;
    let book = Book::open(&options.archive.join("access.db"))?;
    let first_link = if book.has_users()? { None } else { Some(book.first_link()?) };
    let readers = match options.settings.readers {
        0 => 2 * thread::available_parallelism().map_or(2, usize::from),
        some => some as usize,
    };
    let (wake, woken) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let app: Shared = Arc::new(App {
        images: ImageCache::open(options.archive.join("cache").join("pages"), options.settings.image_cache_mib),
        archive,
        book,
        metrics: Metrics::default(),
        settings: options.settings,
        decode: options.decode,
        program: options.program,
        behind_proxy: options.behind_proxy,
        secure,
        doors: Doors::default(),
        passwords: Semaphore::new(1),
        readers: Semaphore::new(readers),
        has_users: AtomicBool::new(false),
        pages_read: AtomicU64::new(0),
        retry: AtomicBool::new(false),
        wake: Mutex::new(wake),
        stop: Arc::clone(&stop),
    });
    let listener =
        TcpListener::bind(options.listen).map_err(|source| ServeError::Listen { address: options.listen, source })?;
    let scheme = if options.certificate.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    let first_link = first_link.map(|secret| format!("{url}/welcome/{}", secret.text()));
    let working = Arc::clone(&app);
    let taking = Taking { load: options.load_reader, settings: options.pipeline, apart: options.apart };
    let worker =
        thread::Builder::new().name("take-in".to_owned()).spawn(move || worker::run(&working, &taking, &woken))?;
    // Fails only where another part of the program installed one before, which serves as well.
    rustls::crypto::ring::default_provider().install_default().ok();
    let telling = Arc::clone(&app);
    let teller = thread::Builder::new().name("tell".to_owned()).spawn(move || tell::run(&telling))?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let served =
        runtime.block_on(serve(Arc::clone(&app), listener, options.certificate, || ready(Ready { url, first_link })));
    stop.store(true, Ordering::Relaxed);
    app.wake_worker();
    runtime.shutdown_timeout(GRACE);
    for (thread, does) in [(worker, "takes files in"), (teller, "tells of changes")] {
        if thread.join().is_err() {
            tracing::error!("the thread that {does} died of a fault");
        }
    }
    served
}

async fn serve(
    app: Shared,
    listener: TcpListener,
    certificate: Option<(PathBuf, PathBuf)>,
    ready: impl FnOnce(),
) -> Result<(), ServeError> {
    let handle = Handle::new();
    let (mut interrupt, mut end) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stopping = handle.clone();
    let stop = Arc::clone(&app.stop);
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = end.recv() => {} }
        // Pages under way are finished, files under way stay waiting.
        stop.store(true, Ordering::Relaxed);
        stopping.graceful_shutdown(Some(GRACE));
    });
    let slow = Duration::from_secs(u64::from(app.settings.slow_client_seconds));
    let bounds = Bounds::new(app.settings.connections as usize, slow);
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    match certificate {
        None => {
            let mut server = axum_server::from_tcp(listener)?.acceptor(bounds).handle(handle);
            server.http_builder().http1().header_read_timeout(slow);
            ready();
            server.serve(service).await?;
        }
        Some((chain, key)) => {
            let config = RustlsConfig::from_pem_file(chain, key).await.map_err(ServeError::Certificate)?;
            let secured = RustlsAcceptor::new(config).acceptor(bounds);
            let mut server = axum_server::from_tcp(listener)?.acceptor(secured).handle(handle);
            server.http_builder().http1().header_read_timeout(slow);
            ready();
            server.serve(service).await?;
        }
    }
    Ok(())
}

fn router(app: Shared) -> Router {
    Router::new()
        .merge(pages::router())
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .merge(api::router())
        .layer(CatchPanicLayer::custom(fault))
        // What is compressed already only takes time, and loses its length and its ranges.
        .layer(
            CompressionLayer::new().compress_when(
                DefaultPredicate::new()
                    .and(NotForContentType::const_new("application/pdf"))
                    .and(NotForContentType::const_new("application/octet-stream"))
                    .and(NotForContentType::const_new("font/")),
            ),
        )
        .layer(middleware::from_fn_with_state(Arc::clone(&app), watch))
        .with_state(app)
}

/// Counts, times and logs every answer, and adds the headers that each has.
async fn watch(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let is_upload = method == axum::http::Method::POST && matches!(route.as_str(), "/api/v1/documents" | "/upload");
    let answered = if is_upload {
        Ok(next.run(request).await)
    } else {
        tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await
    };
    let mut response = answered.unwrap_or_else(|_| Problem::Slow.into_response());
    headers::complete(&mut response);
    let (status, took) = (response.status().as_u16(), started.elapsed());
    app.metrics.count(&route, status, took);
    tracing::info!(%method, route, status, took_ms = took.as_millis() as u64, "answered");
    response
}

/// What the fault says may hold words of a letter; the log has its place.
fn fault(_: Box<dyn Any + Send>) -> Response {
    Problem::Internal("a fault in a handler".to_owned()).into_response()
}
