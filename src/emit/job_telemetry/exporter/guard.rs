//! Names that lead where a payload may not point.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::emit::job_telemetry::AllowedHosts;

/// Looks names up, and leaves out addresses that may not be connected to: a name of anybody's can lead to a metadata server.
#[derive(Debug, Clone)]
pub(super) struct Guard(pub(super) AllowedHosts);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let hosts = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|found| hosts.allows_address(found.ip())).collect();
            if allowed.is_empty() {
                return Err("no address of it may be connected to".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
