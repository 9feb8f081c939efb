//! How the server behaves.

use serde::Deserialize;

/// `[serve]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Largest upload, all its files together, in MiB.
    pub upload_mib: u32,
    /// Most files in one upload.
    pub upload_files: u32,
    /// Room for images of pages that were made to be shown, in MiB.
    pub image_cache_mib: u32,
    /// Looks at the archive that are taken at once; 0 for two a processor.
    pub readers: u32,
    /// Connections held at once; more wait for a place.
    pub connections: u32,
    /// Seconds that a client may take to send the head of a request, between two pieces of an upload, and to take a piece of an
    /// answer.
    pub slow_client_seconds: u32,
    /// Whether webhooks may lead to addresses of this machine and of private networks, and go without TLS.
    pub private_webhooks: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            upload_mib: 2048,
            upload_files: 500,
            image_cache_mib: 512,
            readers: 0,
            connections: 500,
            slow_client_seconds: 20,
            private_webhooks: false,
        }
    }
}
