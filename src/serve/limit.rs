//! How often somebody may try to log in, by the address he comes from.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tries within [`WINDOW`]: an office may share one address.
const MOST_TRIES: u32 = 30;
const WINDOW: Duration = Duration::from_secs(300);
/// Addresses remembered; beyond them the oldest windows are forgotten.
const MOST_ADDRESSES: usize = 10_000;

/// Counts tries by address.
#[derive(Default)]
pub struct Doors(Mutex<HashMap<String, (Instant, u32)>>);

impl Doors {
    /// Counts a try, and says whether it may go on.
    pub fn lets_in(&self, address: &str) -> bool {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if tries.len() >= MOST_ADDRESSES {
            tries.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        }
        let (since, count) = tries.entry(address.to_owned()).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= MOST_TRIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_shut_out_another() {
        let doors = Doors::default();
        assert!((0..MOST_TRIES).all(|_| doors.lets_in("10.0.0.1")));
        assert!(!doors.lets_in("10.0.0.1"));
        assert!(doors.lets_in("10.0.0.2"));
    }
}
