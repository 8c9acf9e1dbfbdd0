//! What all requests share.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::Sight;
use super::access::{RateLimit, TokenBook};
use super::complaints::Complaints;
use super::live::Live;
use crate::access::SessionKey;
use crate::config::Secret;

/// Questions that read the instance's databases, at once.
const HEAVY: usize = 1;

/// What all requests share. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) sight: Sight,
    pub(super) tokens: TokenBook,
    pub(super) rate: RateLimit,
    pub(super) session_key: SessionKey,
    pub(super) proxy_secret: Option<Secret>,
    pub(super) live: Live,
    /// Events that were not tracked, by their names.
    pub(super) complaints: Complaints,
    /// Whoever reads the instance's databases takes a place: a page is no reason to load a server.
    pub(super) heavy: Semaphore,
    /// Whether only this machine can ask.
    pub(super) is_private: bool,
    flags: BTreeMap<String, bool>,
}

impl Deref for Shared {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Shared {
    pub(super) fn new(sight: Sight, address: SocketAddr) -> Shared {
        let access = sight.access.clone();
        Shared(Arc::new(Inner {
            tokens: TokenBook::new(sight.state.clone()),
            rate: RateLimit::new(access.rate_limit),
            session_key: access.session_key,
            proxy_secret: access.proxy_secret,
            live: Live::new(),
            complaints: Complaints::default(),
            heavy: Semaphore::new(HEAVY),
            is_private: address.ip().is_loopback(),
            flags: access.flags,
            sight,
        }))
    }
}

impl Inner {
    /// Whether a feature is on; `usual` where nobody says.
    pub(super) fn flag(&self, name: &str, usual: bool) -> bool {
        self.flags.get(name).copied().unwrap_or(usual)
    }
}
