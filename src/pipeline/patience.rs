//! How long the reading of one page may go on: until its time is over, or until the run is told to stop.

use super::failure::Failure;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Once the run is told to stop, a page under way may still be finished for so long.
const GRACE: Duration = Duration::from_secs(4);

/// The time a page has. Asked between steps of reading: what never comes back from one step is ended from outside, see [`super::apart`].
pub struct Patience<'a> {
    limit: Option<Duration>,
    stop: Option<&'a AtomicBool>,
    began: Cell<Instant>,
    told_to_stop: Cell<Option<Instant>>,
}

impl<'a> Patience<'a> {
    /// Returns patience without end.
    pub fn endless() -> Self {
        Self { limit: None, stop: None, began: Cell::new(Instant::now()), told_to_stop: Cell::new(None) }
    }

    /// Returns patience for so long from now, and not much longer than `stop` is set.
    pub fn until(limit: Duration, stop: &'a AtomicBool) -> Self {
        Self { limit: Some(limit), stop: Some(stop), ..Self::endless() }
    }

    /// Starts the clock anew: the page is tried in another way.
    pub fn begin_again(&self) {
        self.began.set(Instant::now());
    }

    /// Says whether reading may go on.
    ///
    /// # Errors
    /// [`Failure::Slow`] when the time is over, [`Failure::Stopped`] when the run was told to stop.
    pub fn check(&self) -> Result<(), Failure> {
        if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            let told = self.told_to_stop.get().unwrap_or_else(Instant::now);
            self.told_to_stop.set(Some(told));
            if told.elapsed() > GRACE {
                return Err(Failure::Stopped);
            }
        }
        match self.limit {
            Some(limit) if self.began.get().elapsed() > limit => Err(Failure::Slow { seconds: limit.as_secs() }),
            _ => Ok(()),
        }
    }
}
