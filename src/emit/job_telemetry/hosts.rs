//! Which hosts a payload may name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::endpoint::EndpointError;

/// Hosts that payloads may name: all but those of the machine's own network, or the listed ones alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<String>);

/// Where clouds keep their metadata, which no job's payload shall reach through us.
const METADATA_NAMES: [&str; 3] = ["metadata", "metadata.google.internal", "instance-data"];
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

impl AllowedHosts {
    /// Each entry is a host, or `*.` and a domain, below which any host is meant. An empty list allows every host that is
    /// not of the machine's own network.
    pub fn of(entries: impl IntoIterator<Item = String>) -> AllowedHosts {
        let entries = entries.into_iter().map(|entry| entry.to_ascii_lowercase());
        AllowedHosts(entries.collect())
    }

    /// Whether an address that a name led to may be connected to, where no entry names it.
    pub(super) fn allows_address(&self, address: IpAddr) -> bool {
        !self.0.is_empty() || !is_of_the_machine(address)
    }

    pub(super) fn check(&self, url: &Url) -> Result<(), EndpointError> {
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        if self.0.is_empty() {
            return if is_metadata(url) {
                Err(EndpointError::LinkLocal)
            } else {
                Ok(())
            };
        }
        let is_listed = self.0.iter().any(|entry| match entry.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|above| above.ends_with('.')),
            None => entry == host,
        });
        if is_listed {
            Ok(())
        } else {
            Err(EndpointError::NotAllowed)
        }
    }
}

fn is_metadata(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => METADATA_NAMES.contains(&name.trim_end_matches('.')),
        Some(Host::Ipv4(address)) => is_of_the_machine(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_of_the_machine(IpAddr::V6(address)),
        None => false,
    }
}

/// Link-local addresses, and those where clouds keep their metadata.
fn is_of_the_machine(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    is_link_local || METADATA.contains(&address)
}

#[cfg(test)]
mod tests {
    use super::AllowedHosts;
    use crate::emit::job_telemetry::{Endpoint, EndpointError};

    fn checked(list: &[&str], url: &str) -> Result<(), EndpointError> {
        let hosts = AllowedHosts::of(list.iter().map(|&entry| entry.to_owned()));
        Endpoint::parse(url, None)?.allowed_by(&hosts).map(drop)
    }

    #[test]
    fn a_list_allows_what_it_names_alone() {
        let list = ["otel.example.com", "*.ci.example.com", "169.254.1.1"];
        for url in [
            "https://otel.example.com",
            "grpcs://OTEL.example.com.:4317",
            "http://a.b.ci.example.com/x",
            "http://169.254.1.1:4318",
        ] {
            assert_eq!(checked(&list, url), Ok(()), "{url}");
        }
        for url in [
            "https://ci.example.com",
            "https://xci.example.com",
            "https://example.com",
            "https://otel.example.com.evil.example",
            "http://127.0.0.1",
        ] {
            assert_eq!(checked(&list, url), Err(EndpointError::NotAllowed), "{url}");
        }
    }

    #[test]
    fn the_network_of_the_machine_is_named_or_not_told() {
        for url in [
            "http://169.254.169.254/latest",
            "http://metadata.google.internal/",
            "http://[fe80::1]:4318",
            "http://[::ffff:169.254.169.254]/",
            "http://2852039166/",
            "grpc://[fd00:ec2::254]",
            "http://100.100.100.200",
        ] {
            assert_eq!(checked(&[], url), Err(EndpointError::LinkLocal), "{url}");
        }
        for url in ["http://127.0.0.1:4318", "https://otel.example.com", "http://10.0.0.1"] {
            assert_eq!(checked(&[], url), Ok(()), "{url}");
        }
    }
}
