//! Who may send, and who may look.

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::intake::Refusal;
use super::store::{ReceiverStore, TokenRole};

/// What is demanded of whoever asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Access {
    /// Whoever sends needs a token.
    pub token_to_send: bool,
    /// Whoever looks at the pages needs an administrator's token.
    pub token_to_look: bool,
}

/// Whom a sender may send for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sender {
    Anyone,
    /// Its token is of this instance.
    Only(String),
}

impl Sender {
    /// Whether it may send for a uuid.
    pub(super) fn may_send_for(&self, uuid: &str) -> bool {
        match self {
            Sender::Anyone => true,
            Sender::Only(instance) => instance == uuid,
        }
    }
}

impl Access {
    /// Who sends. Where no token is needed, none is looked at: what stands there may be for a proxy in front.
    pub(super) async fn sender(self, headers: &HeaderMap, store: &ReceiverStore) -> Result<Sender, Refusal> {
        if !self.token_to_send {
            return Ok(Sender::Anyone);
        }
        let Some(text) = token_of(headers) else {
            return Err(unauthorized(
                "sending needs a token: Authorization: Bearer TOKEN, or https://instance:TOKEN@HOST",
            ));
        };
        let token = store.token(&text).await?;
        let Some(token) = token else {
            return Err(unauthorized(
                "the token is not, or no longer, valid: ask for another one",
            ));
        };
        Ok(token.instance.map_or(Sender::Anyone, Sender::Only))
    }

    /// Lets whoever may look at the pages pass.
    pub(super) async fn looker(self, headers: &HeaderMap, store: &ReceiverStore) -> Result<(), Refusal> {
        if !self.token_to_look {
            return Ok(());
        }
        let token = match token_of(headers) {
            Some(text) => store.token(&text).await?,
            None => None,
        };
        match token {
            Some(token) if token.role == TokenRole::Admin.name() => Ok(()),
            Some(_) => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "this token is for sending: looking needs an admin token",
            )),
            None => Err(unauthorized(
                "looking needs an admin token, as the password of any user",
            )),
        }
    }
}

fn unauthorized(message: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, message)
}

/// What a 401 must say besides: how to log in, so that browsers ask.
pub(super) fn challenged(refusal: Refusal) -> Response {
    let is_unauthorized = refusal.status() == StatusCode::UNAUTHORIZED.as_u16();
    let mut response = refusal.into_response();
    if is_unauthorized {
        let challenge = HeaderValue::from_static("Basic realm=\"service-ping versions\", charset=\"UTF-8\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The token of a request: a bearer's, or the password of any user.
fn token_of(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(rest.trim()).ok()?;
    let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(password.to_owned())
}
