//! `serve` over HTTP: every status of the usage-data API, sessions and tokens, what an abuser gets, and a kill.

mod support;

#[path = "server/abuse.rs"]
mod abuse;
#[path = "server/client.rs"]
mod client;
#[path = "server/conformance.rs"]
mod conformance;
#[path = "server/headers.rs"]
mod headers;
#[path = "server/kill.rs"]
mod kill;
#[path = "server/openapi.rs"]
mod openapi;
#[path = "server/place.rs"]
mod place;
#[path = "server/schemathesis.rs"]
mod schemathesis;
#[path = "server/sessions.rs"]
mod sessions;
#[path = "server/tokens.rs"]
mod tokens;
