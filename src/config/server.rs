//! `[server]`: what `serve` does with those who ask over HTTP.

use std::path::PathBuf;

use schemars::JsonSchema;

use super::secret::Secret;
use super::section::Section;

/// A guess takes longer than anybody has.
const SHORTEST_SECRET: usize = 16;

/// What `serve` does with those who ask over HTTP. Tokens are made by `service-ping token add`.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Server {
    /// Requests a second that one token, user or address may make, on average; bursts may be twice as many. 0 for any number.
    #[schemars(example = 500)]
    pub rate_limit: u32,
    /// A folder for events that were taken and wait for the event store, so that they survive the death of the process. Each
    /// process needs its own.
    #[schemars(with = "String", example = "service-ping-events")]
    pub event_spool: PathBuf,
    /// What a proxy signs the header `X-Service-Ping-User` with, which says who its user is; 16 characters at least. Without
    /// it, no such header is believed. `proxy_secret_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub proxy_secret: Option<Secret>,
    /// Names under which this server is asked, beside `localhost` and addresses. Others are refused, lest a page of another
    /// site read what is here by a name that it makes lead here.
    #[schemars(with = "Vec<String>", example = Vec::<String>::new())]
    pub hosts: Vec<String>,
    /// Whether browsers reach this server over HTTPS, by a proxy: sessions are then sent over nothing else.
    #[schemars(example = false)]
    pub https: bool,
}

impl Default for Server {
    fn default() -> Server {
        Server {
            rate_limit: 500,
            event_spool: PathBuf::from("service-ping-events"),
            proxy_secret: None,
            hosts: Vec::new(),
            https: false,
        }
    }
}

impl Server {
    pub(super) fn read(mut section: Section<'_>) -> Server {
        let usual = Server::default();
        let spool = section.path("event_spool");
        let hosts = section.strings("hosts").unwrap_or_default();
        let server = Server {
            rate_limit: section.integer("rate_limit", 0..=1_000_000).unwrap_or(usual.rate_limit),
            event_spool: spool.unwrap_or_else(|| section.reader.path("service-ping-events")),
            proxy_secret: section.secret_of("proxy_secret", "proxy_secret_file", "at least 16 characters", |text| {
                text.len() >= SHORTEST_SECRET
            }),
            hosts: hosts.into_iter().map(|(_, host)| host.to_ascii_lowercase()).collect(),
            https: section.boolean("https").unwrap_or(usual.https),
        };
        section.finish();
        server
    }
}
