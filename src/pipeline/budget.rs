//! Bounds what is held in memory at once: bytes of decoded pixels, and pages under way.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Hands out permits for pages to be decoded.
#[derive(Debug)]
pub struct Budget {
    most: Held,
    held: Mutex<Held>,
    returned: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Held {
    bytes: u64,
    pages: usize,
}

/// Room for one page, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    /// Returns a budget of so many bytes of pixels and pages under way, both at least 1.
    pub fn new(bytes: u64, pages: usize) -> Arc<Self> {
        let most = Held { bytes: bytes.max(1), pages: pages.max(1) };
        Arc::new(Self { most, held: Mutex::default(), returned: Condvar::new() })
    }

    /// Waits until there is room for a page of so many bytes. A page larger than the whole budget gets it alone.
    ///
    /// To be called where pages are handed out, never on a thread of the pool: a pool whose threads all wait here would
    /// never give anything back.
    pub fn acquire(self: &Arc<Self>, bytes: u64) -> Permit {
        let bytes = bytes.min(self.most.bytes);
        let mut held = self.lock();
        while held.pages >= self.most.pages || held.bytes + bytes > self.most.bytes {
            held = self.returned.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        *held = Held { bytes: held.bytes + bytes, pages: held.pages + 1 };
        Permit { budget: Arc::clone(self), bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.budget.lock();
        *held = Held { bytes: held.bytes - self.bytes, pages: held.pages - 1 };
        drop(held);
        self.budget.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    #[test]
    fn never_more_than_the_budget_is_held() {
        let budget = Budget::new(100, 3);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|threads| {
            for bytes in [60, 30, 50, 40, 99, 10, 1, 100] {
                let permit = budget.acquire(bytes);
                most.fetch_max(now.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                let now = &now;
                threads.spawn(move || {
                    thread::yield_now();
                    now.fetch_sub(bytes, Ordering::SeqCst);
                    drop(permit);
                });
            }
        });
        assert!(most.into_inner() <= 100);
        assert_eq!(*budget.lock(), Held::default());
    }

    #[test]
    fn a_page_larger_than_the_budget_runs_alone() {
        let budget = Budget::new(100, 3);
        let permit = budget.acquire(5000);
        assert_eq!(budget.lock().bytes, 100);
        drop(permit);
        assert_eq!(*budget.lock(), Held::default());
    }
}
