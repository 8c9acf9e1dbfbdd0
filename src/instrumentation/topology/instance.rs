//! The name that a node goes by.

use core::net::IpAddr;

/// An instance without its port; what means this machine is `localhost`.
pub(super) fn name(instance: &str) -> String {
    let host = without_port(instance);
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address.map(|address| address.to_canonical()) {
        Ok(address) if address.is_loopback() || address.is_unspecified() => "localhost".to_owned(),
        _ => host.to_owned(),
    }
}

fn without_port(instance: &str) -> &str {
    // An address of version 6 without brackets has no port.
    if instance.parse::<IpAddr>().is_ok() {
        return instance;
    }
    match instance.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => instance,
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn this_machine_is_localhost_and_names_pass_through() {
        for here in [
            "localhost:9090",
            "localhost",
            "127.0.0.1:9100",
            "127.0.8.15",
            "0.0.0.0:80",
            "[::1]:9168",
            "[::1]",
            "::1",
            "[::]:9100",
            "[0:0:0:0:0:0:0:1]:8",
        ] {
            assert_eq!(name(here), "localhost", "{here}");
        }
        for (instance, host) in [
            ("app-1.example:8080", "app-1.example"),
            ("10.0.0.3:9100", "10.0.0.3"),
            ("[2001:db8::1]:9100", "[2001:db8::1]"),
            ("2001:db8::1", "2001:db8::1"),
            ("app-1:metrics", "app-1:metrics"),
            ("app-1:", "app-1:"),
            ("", ""),
        ] {
            assert_eq!(name(instance), host, "{instance}");
        }
    }
}
