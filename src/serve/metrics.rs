//! Counts for those who watch over the server, in Prometheus' text form. Routes and numbers, never words of letters.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the classes of duration, in seconds.
const CLASSES: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// What was asked and how long it took.
#[derive(Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    durations: Mutex<BTreeMap<String, Durations>>,
}

#[derive(Default)]
struct Durations {
    classes: [u64; CLASSES.len()],
    count: u64,
    seconds: f64,
}

/// A number as it stands when it is asked for.
pub struct Gauge {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// The number.
    pub value: u64,
}

impl Metrics {
    /// Counts an answer; `route` is the pattern of the address, so that there are only so many.
    pub fn count(&self, route: &str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route.to_owned(), status)).or_default() += 1;
        drop(requests);
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let of_route = durations.entry(route.to_owned()).or_default();
        let seconds = took.as_secs_f64();
        of_route.count += 1;
        of_route.seconds += seconds;
        for (class, limit) in of_route.classes.iter_mut().zip(CLASSES) {
            *class += u64::from(seconds <= limit);
        }
    }

    /// Returns everything in Prometheus' text form.
    pub fn written(&self, gauges: &[Gauge]) -> String {
        let mut out = String::new();
        for gauge in gauges {
            let Gauge { name, help, value } = gauge;
            line(&mut out, format_args!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"));
        }
        line(
            &mut out,
            format_args!(
                "# HELP warraq_requests_total Answers by route and status.\n# TYPE warraq_requests_total counter"
            ),
        );
        for ((route, status), count) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            line(&mut out, format_args!("warraq_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"));
        }
        let name = "warraq_request_seconds";
        line(&mut out, format_args!("# HELP {name} Time from request to answer.\n# TYPE {name} histogram"));
        for (route, of) in &*self.durations.lock().unwrap_or_else(PoisonError::into_inner) {
            for (count, limit) in of.classes.iter().zip(CLASSES) {
                line(&mut out, format_args!("{name}_bucket{{route=\"{route}\",le=\"{limit}\"}} {count}"));
            }
            line(&mut out, format_args!("{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", of.count));
            line(&mut out, format_args!("{name}_sum{{route=\"{route}\"}} {:.6}", of.seconds));
            line(&mut out, format_args!("{name}_count{{route=\"{route}\"}} {}", of.count));
        }
        out
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String does not fail.
    writeln!(out, "{text}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stand_under_route_and_status() {
        let metrics = Metrics::default();
        metrics.count("/api/v1/search", 200, Duration::from_millis(7));
        metrics.count("/api/v1/search", 200, Duration::from_millis(70));
        let text = metrics.written(&[Gauge { name: "warraq_documents", help: "Documents.", value: 3 }]);
        for want in [
            "warraq_documents 3\n",
            "warraq_requests_total{route=\"/api/v1/search\",status=\"200\"} 2\n",
            "warraq_request_seconds_bucket{route=\"/api/v1/search\",le=\"0.01\"} 1\n",
            "warraq_request_seconds_bucket{route=\"/api/v1/search\",le=\"+Inf\"} 2\n",
        ] {
            assert!(text.contains(want), "{want} in {text}");
        }
    }
}
