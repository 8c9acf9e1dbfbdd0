//! The header of a proxy that is trusted: it has signed a user in, and says whom, under a secret that both share.
//!
//! `X-Service-Ping-User: t=1796000000,u=4711,s=HEX`, where `s` is HMAC-SHA256 under the secret of
//! `METHOD PATH 1796000000 4711`. The user's id is 1 to 64 letters, digits and `-_.:@`. A signature is good for a minute
//! either way, for one method and path.

use chrono::{DateTime, Utc};

use super::mac;

/// How far the proxy's clock may be from ours, in seconds.
const TOLERANCE: i64 = 60;
const LONGEST: usize = 64;

/// A user whom a trusted proxy vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUser(String);

/// A header that vouches for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    #[error("the user's header is not of the form t=SECONDS,u=USER,s=SIGNATURE")]
    Form,
    #[error("the user's header was signed with another secret, or for another request")]
    Signature,
    #[error("the user's header was signed more than a minute ago, or hence: set the clocks")]
    Stale,
}

impl ProxyUser {
    pub const HEADER: &str = "x-service-ping-user";

    pub fn id(&self) -> &str {
        &self.0
    }

    /// The header's value, as a proxy writes it.
    pub fn header(user: &str, method: &str, path: &str, secret: &str, now: DateTime<Utc>) -> String {
        let at = now.timestamp();
        let code = mac::code(secret.as_bytes(), &text(method, path, at, user));
        format!("t={at},u={user},s={code}")
    }

    /// The user of a header.
    ///
    /// # Errors
    /// It is not of that form, or not signed for this request under this secret, or not just now.
    pub fn verify(
        header: &str,
        method: &str,
        path: &str,
        secret: &str,
        now: DateTime<Utc>,
    ) -> Result<ProxyUser, ProxyError> {
        let (at, rest) = header
            .strip_prefix("t=")
            .and_then(|rest| rest.split_once(",u="))
            .ok_or(ProxyError::Form)?;
        let (user, code) = rest.split_once(",s=").ok_or(ProxyError::Form)?;
        let at: i64 = at.parse().map_err(|_| ProxyError::Form)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(&byte);
        if user.is_empty() || user.len() > LONGEST || !user.bytes().all(is_plain) {
            return Err(ProxyError::Form);
        }
        if !mac::is_code(secret.as_bytes(), &text(method, path, at, user), code) {
            return Err(ProxyError::Signature);
        }
        match now.timestamp().abs_diff(at) <= TOLERANCE.unsigned_abs() {
            true => Ok(ProxyUser(user.to_owned())),
            false => Err(ProxyError::Stale),
        }
    }
}

fn text(method: &str, path: &str, at: i64, user: &str) -> String {
    format!("{method} {path} {at} {user}")
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::{ProxyError, ProxyUser};

    #[test]
    fn a_header_vouches_for_one_request_and_a_minute() {
        let now = Utc::now();
        let header = ProxyUser::header("4711", "POST", "/usage_data/track_event", "a secret", now);
        let verify = |path: &str, secret: &str, now| ProxyUser::verify(&header, "POST", path, secret, now);
        let path = "/usage_data/track_event";
        assert_eq!(verify(path, "a secret", now).unwrap().id(), "4711");
        assert_eq!(verify("/other", "a secret", now), Err(ProxyError::Signature));
        assert_eq!(verify(path, "another", now), Err(ProxyError::Signature));
        let late = now + TimeDelta::seconds(62);
        assert_eq!(verify(path, "a secret", late), Err(ProxyError::Stale));
        for odd in ["", "t=1", "t=x,u=1,s=2", "t=1,u=,s=2", "t=1,u=a b,s=2"] {
            let error = ProxyUser::verify(odd, "POST", path, "a secret", now).unwrap_err();
            assert_eq!(error, ProxyError::Form, "{odd}");
        }
    }
}
