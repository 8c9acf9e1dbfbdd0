//! A source's address, which may hold a secret.

use std::fmt;
use std::path::Path;

/// The address of a source or endpoint.
///
/// `Debug` and `Display` leave out the password and the query (drivers accept passwords there too);
/// [`Url::expose`] is the one way to the plain text, for the driver alone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Url(String);

/// Why a text is not an address that may stand here. Never quotes the text, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("this is no URL; write it as {expected}")]
    NoScheme { expected: String },
    #[error("the scheme `{found}` is not one of {expected}")]
    WrongScheme { found: String, expected: String },
    #[error("this is no valid {scheme} URL: {reason}; percent-encode special characters of a password")]
    Malformed { scheme: String, reason: String },
    #[error("the URL names nothing after its scheme")]
    Empty,
}

impl Url {
    /// Reads an address whose scheme is one of `schemes`; a scheme that is `embedded` stands alone, without `://`.
    pub fn parse(text: &str, schemes: &[&str]) -> Result<Url, UrlError> {
        if text == "embedded" && schemes.contains(&text) {
            return Ok(Url(text.to_owned()));
        }
        let (scheme, rest) = split_scheme(text).ok_or_else(|| UrlError::NoScheme {
            expected: spell(schemes),
        })?;
        if !schemes.contains(&scheme) {
            return Err(UrlError::WrongScheme {
                found: scheme.to_owned(),
                expected: spell(schemes),
            });
        }
        if rest.trim_start_matches('/').is_empty() {
            return Err(UrlError::Empty);
        }
        check_syntax(scheme, text)?;
        Ok(Url(text.to_owned()))
    }

    /// The address as it was written, secrets included: for a driver, never for a log, an error or a payload.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What stands before the first colon: `postgres`, `sqlite`, `https`, `embedded` and so on.
    pub fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// This address with the path of a relative SQLite file set from `folder`; any other stays as it is.
    pub(super) fn resolved_from(self, folder: &Path) -> Url {
        match sqlite_file(&self.0) {
            Some((file, query)) if !file.is_empty() && !file.starts_with([':', '/']) && folder != Path::new(".") => {
                Url(format!("sqlite://{}/{file}{query}", encode(folder)))
            }
            _ => self,
        }
    }
}

/// The file and the query (with its `?`) of a SQLite address, both still percent-encoded.
fn sqlite_file(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    Some(rest.split_at(rest.find('?').unwrap_or(rest.len())))
}

/// A folder as the part of a URL: what would end or change the path is percent-encoded.
fn encode(folder: &Path) -> String {
    let folder = folder.to_string_lossy();
    folder
        .trim_end_matches('/')
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23")
}

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    let valid = scheme.starts_with(|c: char| c.is_ascii_lowercase()) && scheme.chars().all(plain);
    (valid && (rest.starts_with("//") || scheme == "sqlite")).then_some((scheme, rest))
}

/// The addresses that a URL parser can judge; lists of hosts and SQLite's paths are not URLs in its sense.
fn check_syntax(scheme: &str, text: &str) -> Result<(), UrlError> {
    if scheme == "sqlite" || scheme.contains('-') {
        return Ok(());
    }
    url::Url::parse(text).map(drop).map_err(|error| UrlError::Malformed {
        scheme: scheme.to_owned(),
        reason: error.to_string(),
    })
}

fn spell(schemes: &[&str]) -> String {
    let spelled = schemes.iter().map(|scheme| match *scheme {
        "embedded" => "`embedded`".to_owned(),
        scheme => format!("`{scheme}://…`"),
    });
    spelled.collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str(self.0.split('?').next().unwrap_or_default());
        };
        write!(f, "{scheme}://")?;
        let (address, query) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
        let name = address.split([':', '/', '@']).next().unwrap_or_default();
        // What the operator forgot to encode must not be shown: the last `@` ends the user information, and where one
        // follows a `?`, no one can tell a password from a query.
        match address.rsplit_once('@') {
            _ if query.contains('@') => write!(f, "{name}…"),
            Some((_, host)) if name.is_empty() => f.write_str(host),
            Some((_, host)) => write!(f, "{name}@{host}"),
            None => f.write_str(address),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}
