//! How often somebody may try to log in, by the address he comes from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tries within [`WINDOW`]: an office may share one address.
const MOST_TRIES: u32 = 30;
const WINDOW: Duration = Duration::from_secs(300);
/// Addresses remembered. Beyond them all are forgotten: each account still counts its own wrong passwords.
const MOST_ADDRESSES: usize = 10_000;

/// Counts wrong tries by address.
#[derive(Default)]
pub struct Doors(Mutex<HashMap<String, (Instant, u32)>>);

impl Doors {
    /// Counts a try, and says whether it may go on.
    pub fn lets_in(&self, address: &str) -> bool {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, address) = (Instant::now(), neighbourhood(address));
        if tries.len() >= MOST_ADDRESSES && !tries.contains_key(&address) {
            tries.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
            if tries.len() >= MOST_ADDRESSES {
                tries.clear();
            }
        }
        let (since, count) = tries.entry(address).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= MOST_TRIES
    }

    /// Takes a try back that turned out right: a whole office logs in at eight.
    pub fn was_right(&self, address: &str) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = tries.get_mut(&neighbourhood(address)) {
            *count = count.saturating_sub(1);
        }
    }
}

/// One machine has as many addresses as it likes in its IPv6 network of 64 bits.
fn neighbourhood(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
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

    #[test]
    fn who_logs_in_is_not_counted() {
        let doors = Doors::default();
        for _ in 0..10 * MOST_TRIES {
            assert!(doors.lets_in("10.0.0.1"));
            doors.was_right("10.0.0.1");
        }
    }

    #[test]
    fn one_network_is_one_visitor() {
        assert_eq!(neighbourhood("2001:db8:1:2:3::4"), neighbourhood("2001:db8:1:2::9"));
        assert_ne!(neighbourhood("2001:db8:1:2::1"), neighbourhood("2001:db8:1:3::1"));
        assert_eq!(neighbourhood("10.0.0.1"), "10.0.0.1");
    }
}
