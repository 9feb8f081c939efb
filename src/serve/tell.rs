//! Tells other systems of changes (webhooks): what happened to letters and which files failed in, signed requests out, in order, until they are taken.
//!
//! A request is a POST of `{"changes": […], "failed": […], "next": n}` with `Warraq-Signature: t=<seconds>,v1=<hex>`, HMAC-SHA-256 by the webhook's
//! secret over `<seconds>.<body>`. Any 2xx takes it; anything else is tried again, later and later. What is told is what the
//! account that made the webhook may see. No request goes to this machine or a private network unless the settings allow it: the
//! addresses a name stands for are judged at the moment of connecting, so no later answer of a name server can slip in.

use super::access::{Right, WebhookRow};
use super::api;
use super::app::App;
use super::dto::{FailureObject, ToldObject};
use super::error::Problem;
use crate::catalogue::FailureRow;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Changes are looked for so often.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Changes told at a time.
const AT_ONCE: usize = 100;
/// A system answers within this.
const PATIENCE: Duration = Duration::from_secs(15);
/// After a first failure; twice as long after each further one.
const FIRST_WAIT_SECONDS: i64 = 2;
/// Longest wait between two tries.
const LONGEST_WAIT_SECONDS: i64 = 3600;

/// Tells of changes until the server stops.
pub fn run(app: &App) {
    let agent = agent(app.settings.private_webhooks);
    while !app.stop.load(Ordering::Relaxed) {
        let webhooks = app.book.webhooks().unwrap_or_else(|error| {
            tracing::error!(%error, "webhooks cannot be read");
            Vec::new()
        });
        let now = Timestamp::now().as_second();
        for webhook in webhooks.iter().filter(|webhook| webhook.next_try <= now) {
            if let Err(problem) = tell(app, &agent, webhook) {
                tracing::error!(webhook = webhook.id, %problem, "changes cannot be told");
            }
        }
        thread::sleep(LOOK_AGAIN);
    }
}

fn agent(private: bool) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(PATIENCE))
        // A redirect would lead past what was judged.
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Judge { private, names: DefaultResolver::default() })
}

fn tell(app: &App, agent: &Agent, webhook: &WebhookRow) -> Result<(), Problem> {
    // An account that lost its rights is told nothing more; its webhook waits for it.
    let Some(viewer) = app.book.webhook_viewer(webhook)?.filter(|viewer| viewer.may(Right::Read)) else {
        return Ok(());
    };
    let (told, failures) = app.archive.read(|store| {
        Ok::<_, Problem>((
            api::told(store, &viewer, webhook.sent, AT_ONCE)?,
            store.catalogue.failures(webhook.failed, AT_ONCE)?,
        ))
    })?;
    let last_failure = failures.last().map_or(webhook.failed, |row| row.seq);
    if told.next == webhook.sent && last_failure == webhook.failed {
        return Ok(());
    }
    let sees = |row: &FailureRow| viewer.may(Right::Manage) && viewer.sees(row.organisation.as_deref(), None);
    let failed: Vec<FailureObject> = failures.into_iter().filter(sees).map(FailureObject::from).collect();
    if told.changes.is_empty() && failed.is_empty() {
        return Ok(app.book.webhook_told(webhook.id, told.next, last_failure)?);
    }
    let told = ToldObject { changes: told.changes, failed, next: told.next };
    let body = serde_json::to_string(&told).map_err(|error| Problem::Internal(error.to_string()))?;
    let signature = signature(&webhook.secret, Timestamp::now().as_second(), &body)?;
    let request =
        agent.post(&webhook.url).header("content-type", "application/json").header("warraq-signature", signature);
    let trouble = match request.send(&body) {
        Ok(answer) if answer.status().is_success() => {
            return Ok(app.book.webhook_told(webhook.id, told.next, last_failure)?);
        }
        Ok(answer) => format!("answered {}", answer.status()),
        Err(error) => error.to_string(),
    };
    let doublings = webhook.failures.min(12);
    let wait = (FIRST_WAIT_SECONDS << doublings).min(LONGEST_WAIT_SECONDS);
    Ok(app.book.webhook_failed(webhook.id, &trouble, wait)?)
}

/// Returns the signature of a body.
fn signature(secret: &str, at: i64, body: &str) -> Result<String, Problem> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|error| Problem::Internal(error.to_string()))?;
    mac.update(format!("{at}.{body}").as_bytes());
    let mut text = format!("t={at},v1=");
    for byte in mac.finalize().into_bytes() {
        // Writing into a String does not fail.
        write!(text, "{byte:02x}").ok();
    }
    Ok(text)
}

/// Finds the addresses of a name, and leaves those out to which nothing may go.
#[derive(Debug)]
struct Judge {
    private: bool,
    names: DefaultResolver,
}

impl Resolver for Judge {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| self.private || is_public(address.ip())) {
            allowed.push(*address);
        }
        if allowed.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(allowed) }
    }
}

/// Says whether an address is one of the open internet.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b)) // carriers' own
                || (a == 198 && (18..20).contains(&b)) // measurements
                || (a == 192 && b == 0))
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            // 2000::/3 is what is handed out; within it 6to4 and Teredo lead to addresses of the other kind.
            (first & 0xE000) == 0x2000 && first != 0x2002 && !(first == 0x2001 && v6.segments()[1] < 0x200)
        }
    }
}

/// Says whether an address may be entered: `https`, or `http` where private networks are allowed.
pub fn is_address(url: &str, private: bool) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let scheme = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => private,
        _ => false,
    };
    let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    let literal = uri.host().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    scheme && plain && (private || literal.is_none_or(is_public))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, want: bool) {
        assert_eq!(is_public(address.parse().unwrap()), want, "{address}");
    }

    #[test]
    fn nothing_goes_to_this_machine_or_a_private_network() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            check(address, false);
            check(&format!("::ffff:{address}"), false);
        }
        for address in
            ["::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2002:7f00:1::", "2001::1", "64:ff9b::7f00:1"]
        {
            check(address, false);
        }
        check("93.184.216.34", true);
        check("2606:4700::1111", true);
    }

    #[test]
    fn names_of_this_machine_find_no_address() {
        let judge = Judge { private: false, names: DefaultResolver::default() };
        let timeout =
            NextTimeout { after: ureq::unversioned::transport::time::Duration::NotHappening, ..NextTimeout::default() };
        let found = judge.resolve(&"http://localhost:80/".parse().unwrap(), &Config::default(), timeout);
        assert!(matches!(found, Err(ureq::Error::HostNotFound)));
    }

    #[test]
    fn addresses_are_checked_when_they_are_entered() {
        for wrong in [
            "ftp://a.example/",
            "http://a.example/",
            "https://10.0.0.1/",
            "https://[::1]/",
            "https://u:p@a.example/",
            "a",
        ] {
            assert!(!is_address(wrong, false), "{wrong}");
        }
        assert!(is_address("https://a.example/hook", false));
        assert!(is_address("http://127.0.0.1:9/hook", true));
    }

    #[test]
    fn a_signature_is_the_one_others_make() {
        // printf '1.{}' | openssl dgst -sha256 -hmac secret
        let want = "t=1,v1=";
        let signed = signature("secret", 1, "{}").unwrap();
        assert!(signed.starts_with(want) && signed.len() == want.len() + 64, "{signed}");
        assert_eq!(signed, "t=1,v1=1122767b193110cfec322b6f199b599edbf608ed087f2d27afb0b97d99523908");
    }
}
