//! What all handlers share, and the way from tokio's threads to those that may block.

use super::access::Book;
use super::archive::Archive;
use super::error::Problem;
use super::images::ImageCache;
use super::limit::Doors;
use super::metrics::Metrics;
use super::settings::Settings;
use crate::decode;
use crate::pipeline::Store;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::task;

/// The server.
pub struct App {
    /// The archive.
    pub archive: Archive,
    /// Accounts.
    pub book: Book,
    /// Images of pages.
    pub images: ImageCache,
    /// Counts.
    pub metrics: Metrics,
    /// How the server behaves.
    pub settings: Settings,
    /// Limits of decoding.
    pub decode: decode::Settings,
    /// This program, which reads PDFs in a process of its own.
    pub program: PathBuf,
    /// Whether clients come through a proxy that ends TLS and says whom it speaks for.
    pub behind_proxy: bool,
    /// Whether clients come by TLS, here or at the proxy.
    pub secure: bool,
    /// Counts who tries to log in.
    pub doors: Doors,
    /// Passwords that may be looked at at once: each takes 19 MiB and a processor, which a crowd at the door must not take from readers.
    pub passwords: Semaphore,
    /// Looks at the archive that may be taken at once.
    pub readers: Semaphore,
    /// Set once somebody has an account.
    pub has_users: AtomicBool,
    /// Pages read since the start.
    pub pages_read: AtomicU64,
    /// Set to have what failed taken up again.
    pub retry: AtomicBool,
    /// Wakes the thread that takes files in.
    pub wake: Mutex<Sender<()>>,
    /// Set to stop.
    pub stop: Arc<AtomicBool>,
}

/// The server, shared.
pub type Shared = Arc<App>;

impl App {
    /// Says whether anybody has an account.
    ///
    /// # Errors
    /// [`Problem`] when the accounts cannot be read.
    pub fn has_users(&self) -> Result<bool, Problem> {
        if self.has_users.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let has = self.book.has_users()?;
        self.has_users.store(has, Ordering::Relaxed);
        Ok(has)
    }

    /// Tells the thread that takes files in that there is something to do.
    pub fn wake_worker(&self) {
        // Fails only when the server is ending; the job is kept and taken up at the next start.
        self.wake.lock().unwrap_or_else(PoisonError::into_inner).send(()).ok();
    }
}

/// Runs `work` on a thread that may block, when one of the readers is free.
///
/// # Errors
/// What `work` answers, and [`Problem::Internal`] for a fault in it.
pub async fn blocking<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let _turn = app.readers.acquire().await.map_err(|_| Problem::Internal("the server is ending".to_owned()))?;
    let app = Arc::clone(app);
    task::spawn_blocking(move || work(&app)).await.map_err(|fault| Problem::Internal(fault.to_string()))?
}

/// Runs `work`, which looks at a password, on a thread that may block, when its turn comes.
///
/// # Errors
/// As [`blocking`].
pub async fn at_the_door<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let _turn = app.passwords.acquire().await.map_err(|_| Problem::Internal("the server is ending".to_owned()))?;
    let app = Arc::clone(app);
    task::spawn_blocking(move || work(&app)).await.map_err(|fault| Problem::Internal(fault.to_string()))?
}

/// Runs `work` with a store of the archive on a thread that may block.
///
/// # Errors
/// As [`blocking`].
pub async fn reading<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&App, &Store) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    blocking(app, |app| app.archive.read(|store| work(app, store))).await
}
