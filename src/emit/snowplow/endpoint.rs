//! Where events are posted to.

use url::{Host, Url};

/// The path of a request by anybody, and of one with a token.
const OPEN: &str = "com.snowplowanalytics.snowplow/tp2";
const AUTHORIZED: &str = "com.snowplowanalytics.snowplow.auth/tp2";

/// The address of events below `base`; one that ends in `/vendor/version` already is taken as it is.
///
/// # Errors
/// Why it is none, in words that quote nothing of it.
pub(super) fn events(base: &str, with_token: bool) -> Result<Url, String> {
    let mut url = Url::parse(base).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it begins with neither http:// nor https://".to_owned());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let has_path = match parts.as_slice() {
        [.., vendor, version] => vendor.contains('.') && !version.is_empty(),
        _ => false,
    };
    if !has_path {
        let added = if with_token { AUTHORIZED } else { OPEN };
        url.set_path(&format!("{path}/{added}"));
    }
    Ok(url)
}

/// Whether what is said to this address stays on the way, or on this machine.
pub(in crate::emit) fn is_private(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || is_here
}

/// The collector's origin, which is who a token is for where nothing else is said.
pub(super) fn audience(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::{events, is_private};
    use url::Url;

    #[test]
    fn the_path_of_events_is_added_once() {
        let cases = [
            ("http://host", false, "http://host/com.snowplowanalytics.snowplow/tp2"),
            (
                "https://host/",
                true,
                "https://host/com.snowplowanalytics.snowplow.auth/tp2",
            ),
            (
                "https://host/base/",
                false,
                "https://host/base/com.snowplowanalytics.snowplow/tp2",
            ),
            ("https://host/com.acme/track", true, "https://host/com.acme/track"),
            (
                "https://host/com.snowplowanalytics.snowplow/tp2",
                true,
                "https://host/com.snowplowanalytics.snowplow/tp2",
            ),
        ];
        for (base, with_token, expected) in cases {
            assert_eq!(events(base, with_token).unwrap().as_str(), expected, "{base}");
        }
        for base in ["", "host:9090", "ftp://host", "/path"] {
            assert!(events(base, false).is_err(), "{base}");
        }
    }

    #[test]
    fn plain_http_is_private_on_this_machine_alone() {
        let private = |text| is_private(&Url::parse(text).unwrap());
        for text in [
            "https://a.example",
            "http://127.0.0.1:1",
            "http://[::1]",
            "http://localhost:9090",
        ] {
            assert!(private(text), "{text}");
        }
        for text in ["http://a.example", "http://10.0.0.1", "http://localhost.example"] {
            assert!(!private(text), "{text}");
        }
    }
}
