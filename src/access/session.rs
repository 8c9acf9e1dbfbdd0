//! A browser's session: a cookie that says whose token began it, signed, so that nothing need be kept; and the token that
//! a page must send along with whatever it changes (synchroniser token).

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::mac;

/// How long a session lasts.
const LIFE: TimeDelta = TimeDelta::hours(12);
const PARTS: char = '.';

/// What sessions of this instance are signed with.
#[derive(Clone)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    pub fn new(key: [u8; 32]) -> SessionKey {
        SessionKey(key)
    }

    /// The token for what a trusted proxy's user sends from a page: it has no session here.
    pub fn csrf_of_user(&self, user: &str) -> String {
        mac::code(&self.0, &format!("csrf of user {user}"))
    }

    pub fn is_csrf_of_user(&self, user: &str, token: &str) -> bool {
        mac::is_code(&self.0, &format!("csrf of user {user}"), token)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(***)")
    }
}

/// A session that was begun with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub token: Uuid,
    expires_at: i64,
    nonce: Uuid,
}

/// A cookie that begins no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    #[error("the session's cookie was not made here")]
    Forged,
    #[error("the session is over: sign in again")]
    Expired,
}

impl Session {
    /// The cookie's name.
    pub const COOKIE: &str = "service_ping_session";
    /// How long the cookie lives, in seconds.
    pub const SECONDS: i64 = LIFE.num_seconds();

    /// A new session of whoever showed the token of this id.
    pub fn begin(token: Uuid, now: DateTime<Utc>) -> Session {
        Session {
            token,
            expires_at: (now + LIFE).timestamp(),
            nonce: Uuid::new_v4(),
        }
    }

    /// The cookie's value.
    pub fn to_cookie(&self, key: &SessionKey) -> String {
        let body = self.body();
        let code = mac::code(&key.0, &signed(&body));
        format!("{body}{PARTS}{code}")
    }

    /// # Errors
    /// The value was not made under this key, or is of a session that is over.
    pub fn from_cookie(value: &str, key: &SessionKey, now: DateTime<Utc>) -> Result<Session, SessionError> {
        let (body, code) = value.rsplit_once(PARTS).ok_or(SessionError::Forged)?;
        if !mac::is_code(&key.0, &signed(body), code) {
            return Err(SessionError::Forged);
        }
        let mut parts = body.split(PARTS);
        let mut next = || parts.next().ok_or(SessionError::Forged);
        let (token, expires_at, nonce) = (next()?, next()?, next()?);
        let session = Session {
            token: token.parse().map_err(|_| SessionError::Forged)?,
            expires_at: expires_at.parse().map_err(|_| SessionError::Forged)?,
            nonce: nonce.parse().map_err(|_| SessionError::Forged)?,
        };
        match session.expires_at > now.timestamp() {
            true => Ok(session),
            false => Err(SessionError::Expired),
        }
    }

    /// What pages of this session send along.
    pub fn csrf(&self, key: &SessionKey) -> String {
        mac::code(&key.0, &self.csrf_text())
    }

    pub fn is_csrf(&self, key: &SessionKey, token: &str) -> bool {
        mac::is_code(&key.0, &self.csrf_text(), token)
    }

    fn body(&self) -> String {
        let (token, nonce) = (self.token.simple(), self.nonce.simple());
        format!("{token}{PARTS}{}{PARTS}{nonce}", self.expires_at)
    }

    fn csrf_text(&self) -> String {
        format!("csrf of session {}", self.nonce.simple())
    }
}

fn signed(body: &str) -> String {
    format!("session {body}")
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};
    use uuid::Uuid;

    use super::{Session, SessionError, SessionKey};

    #[test]
    fn a_session_is_known_until_it_is_over_and_under_its_key_alone() {
        let (key, other) = (SessionKey::new([1; 32]), SessionKey::new([2; 32]));
        let now = Utc::now();
        let session = Session::begin(Uuid::new_v4(), now);
        let cookie = session.to_cookie(&key);
        assert_eq!(Session::from_cookie(&cookie, &key, now), Ok(session.clone()));
        assert_eq!(Session::from_cookie(&cookie, &other, now), Err(SessionError::Forged));
        let later = now + TimeDelta::hours(13);
        assert_eq!(Session::from_cookie(&cookie, &key, later), Err(SessionError::Expired));
        for place in 0..cookie.len() {
            let mut changed = cookie.clone().into_bytes();
            changed[place] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert!(Session::from_cookie(&changed, &key, now).is_err(), "{changed}");
        }
        for odd in ["", ".", "...", "a.b.c.d", "é"] {
            assert_eq!(Session::from_cookie(odd, &key, now), Err(SessionError::Forged), "{odd}");
        }
    }

    #[test]
    fn a_csrf_token_is_of_one_session() {
        let key = SessionKey::new([1; 32]);
        let (one, two) = (
            Session::begin(Uuid::nil(), Utc::now()),
            Session::begin(Uuid::nil(), Utc::now()),
        );
        assert!(one.is_csrf(&key, &one.csrf(&key)));
        assert!(!one.is_csrf(&key, &two.csrf(&key)));
        assert!(!one.is_csrf(&key, ""));
        assert!(key.is_csrf_of_user("7", &key.csrf_of_user("7")));
        assert!(!key.is_csrf_of_user("8", &key.csrf_of_user("7")));
    }
}
