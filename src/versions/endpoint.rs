//! Where the maker listens.

use std::net::IpAddr;

use reqwest::Url;

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the Versions URL cannot be read: correct `url` under `[versions]`")]
    InvalidUrl,
    #[error("the Versions URL must start with `https://` or `http://`: correct `url` under `[versions]`")]
    UnknownScheme,
    #[error("the Versions URL must have no query and no fragment: shorten `url` under `[versions]`")]
    NotABase,
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] reqwest::Error),
}

/// What is posted, and so where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    UsageData,
    Metadata,
    Errors,
}

impl Path {
    fn as_str(self) -> &'static str {
        match self {
            Path::UsageData => "usage_data",
            Path::Metadata => "usage_ping_metadata",
            Path::Errors => "usage_ping_errors",
        }
    }
}

/// The URL below which all paths are. It is never shown: it may hold credentials.
#[derive(Clone)]
pub(super) struct Endpoint(Url);

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Endpoint, ClientError> {
        let url = Url::parse(text).map_err(|_| ClientError::InvalidUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(ClientError::UnknownScheme);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ClientError::NotABase);
        }
        Ok(Endpoint(url))
    }

    pub(super) fn url(&self, path: Path) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", path.as_str()));
        url
    }

    /// Scheme, host and port.
    pub(super) fn place(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether it is on this machine, where no proxy stands between.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientError, Endpoint, Path};

    #[test]
    fn paths_go_below_the_base() {
        for base in ["https://v.example/base", "https://v.example/base/"] {
            let endpoint = Endpoint::parse(base).unwrap();
            assert_eq!(
                endpoint.url(Path::UsageData).as_str(),
                "https://v.example/base/usage_data"
            );
        }
        let endpoint = Endpoint::parse("http://u:p@127.0.0.1:80").unwrap();
        assert_eq!(
            endpoint.url(Path::Errors).as_str(),
            "http://u:p@127.0.0.1/usage_ping_errors"
        );
        assert_eq!(endpoint.place(), "http://127.0.0.1");
        assert!(endpoint.is_loopback() && Endpoint::parse("http://[::1]:1").unwrap().is_loopback());
        assert!(!Endpoint::parse("https://v.example").unwrap().is_loopback());
    }

    #[test]
    fn other_urls_are_refused() {
        assert!(matches!(Endpoint::parse("v.example"), Err(ClientError::InvalidUrl)));
        assert!(matches!(
            Endpoint::parse("ftp://v.example"),
            Err(ClientError::UnknownScheme)
        ));
        assert!(matches!(
            Endpoint::parse("https://v.example/?a=b"),
            Err(ClientError::NotABase)
        ));
    }
}
