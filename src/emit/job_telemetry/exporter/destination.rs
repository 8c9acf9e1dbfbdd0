//! A collector that spans go to, and what it is shown.

use std::sync::Arc;

use crate::emit::job_telemetry::{AllowedHosts, Endpoint};
use crate::emit::snowplow::token::TokenSource;

/// A collector. Two of the same endpoint and authentication are one, with one queue.
#[derive(Debug, Clone)]
pub struct Destination {
    pub endpoint: Endpoint,
    /// Further headers, by their names in lower case.
    pub headers: Vec<Header>,
    pub auth: Option<Auth>,
    /// Which addresses its name may lead to, where a payload named it.
    pub hosts: Option<AllowedHosts>,
}

/// A header of each request, whose value may be a secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Header {
    pub name: String,
    pub value: String,
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ***", self.name)
    }
}

/// Where the token of a collector comes from.
#[derive(Debug, Clone)]
pub struct Auth {
    /// What tells one source from another, such as its kind and whom tokens are for.
    pub name: String,
    pub source: Arc<dyn TokenSource>,
    pub audience: String,
    /// Whether nothing is sent without a token.
    pub is_required: bool,
    /// Whether a token may go to another machine over plain HTTP.
    pub allow_insecure: bool,
}

/// What makes a destination the same.
pub(super) type Key = (Endpoint, Vec<Header>, Option<String>);

impl Destination {
    /// A collector that asks for nothing.
    pub fn at(endpoint: Endpoint) -> Destination {
        Destination {
            endpoint,
            headers: Vec::new(),
            auth: None,
            hosts: None,
        }
    }

    pub(super) fn key(&self) -> Key {
        let auth = self.auth.as_ref().map(|auth| auth.name.clone());
        (self.endpoint.clone(), self.headers.clone(), auth)
    }
}
