//! How long the reading of one page may go on: until its time is over, or until the run is told to stop.
//!
//! What counts is the time that the reading thread worked: on a machine that is busy with something else, or stood still, a page must not
//! be read worse for it. The clock counts only as a last resort, for what waits without working.

use super::failure::Failure;
use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Once the run is told to stop, a page under way may still be finished for so long.
const GRACE: Duration = Duration::from_secs(4);

/// A page's time is over, however little was worked, when so many times as long has gone by on the clock.
pub const CLOCK_TO_WORK: u32 = 4;

/// The time a page has. Asked between steps of reading: what never comes back from one step is ended from outside, see [`super::apart`].
pub struct Patience<'a> {
    limit: Option<Duration>,
    stop: Option<&'a AtomicBool>,
    began: Cell<Instant>,
    worked_before: Cell<Duration>,
    told_to_stop: Cell<Option<Instant>>,
}

impl<'a> Patience<'a> {
    /// Returns patience without end.
    pub fn endless() -> Self {
        Self {
            limit: None,
            stop: None,
            began: Cell::new(Instant::now()),
            worked_before: Cell::new(worked()),
            told_to_stop: Cell::new(None),
        }
    }

    /// Returns patience for so long from now, and not much longer than `stop` is set.
    pub fn until(limit: Duration, stop: &'a AtomicBool) -> Self {
        Self { limit: Some(limit), stop: Some(stop), ..Self::endless() }
    }

    /// Starts the clock anew: the page is tried in another way.
    pub fn begin_again(&self) {
        self.began.set(Instant::now());
        self.worked_before.set(worked());
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
            Some(limit) if self.is_over(limit) => Err(Failure::Slow { seconds: limit.as_secs() }),
            _ => Ok(()),
        }
    }

    fn is_over(&self, limit: Duration) -> bool {
        let passed = self.began.get().elapsed();
        // Other threads work for a page, too, so half the time in this one is enough.
        passed > limit
            && (worked().saturating_sub(self.worked_before.get()) > limit / 2 || passed > limit * CLOCK_TO_WORK)
    }
}

/// Returns the time that this thread has worked on a processor.
pub fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}
