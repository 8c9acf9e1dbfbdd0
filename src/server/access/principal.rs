//! Who asks, as far as a request says.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use chrono::Utc;

use super::gate::limited;
use super::token_book::Known;
use crate::access::{ProxyUser, Scope, Scopes, Session};
use crate::http::Peer;
use crate::server::answer::ApiError;
use crate::server::shared::Shared;

const PRIVATE_TOKEN: &str = "private-token";

/// Whoever asks.
#[derive(Debug, Clone)]
pub(in crate::server) struct Principal {
    /// What their requests are limited by.
    pub(in crate::server) name: String,
    /// Whose acts are counted.
    pub(in crate::server) user: Option<String>,
    pub(in crate::server) scopes: Scopes,
    pub(in crate::server) credential: Credential,
}

/// What was shown.
#[derive(Debug, Clone)]
pub(in crate::server) enum Credential {
    /// A token, which no page of another site can have a browser send.
    Token,
    /// A cookie, which a browser sends by itself.
    Session(Session),
    /// The header of a proxy, which adds it to whatever a browser sends.
    Proxy,
}

impl Principal {
    /// Whoever asks; nobody, where nothing is shown.
    ///
    /// # Errors
    /// What is shown is not good.
    pub(in crate::server) async fn of(shared: &Shared, parts: &Parts) -> Result<Option<Principal>, ApiError> {
        if let Some(token) = token(&parts.headers)? {
            let known = match shared.tokens.of_text(token).await? {
                Some(known) => Some(known),
                None => {
                    // A guess costs the store a question.
                    limited(shared, parts)?;
                    shared.tokens.of_new_text(token).await?
                }
            };
            let known =
                known.ok_or_else(|| ApiError::unauthorized("the token is not known, is over, or was revoked"))?;
            return Ok(Some(of_token(&known, Credential::Token)));
        }
        if let Some(user) = proxy_user(shared, parts)? {
            return Ok(Some(Principal {
                name: format!("user {}", user.id()),
                user: Some(user.id().to_owned()),
                scopes: Scopes::from_iter([Scope::Track]),
                credential: Credential::Proxy,
            }));
        }
        let Some(cookie) = cookie(&parts.headers) else {
            return Ok(None);
        };
        let session = Session::from_cookie(cookie, &shared.session_key, Utc::now());
        let session = session.map_err(|error| ApiError::unauthorized(&error.to_string()))?;
        let known = shared.tokens.of_id(session.token).await?;
        let known = known.ok_or_else(|| ApiError::unauthorized("the session's token is over, or was revoked"))?;
        Ok(Some(of_token(&known, Credential::Session(session))))
    }

    /// What a page sends along with what it changes.
    pub(in crate::server) fn csrf(&self, shared: &Shared) -> Option<String> {
        match (&self.credential, &self.user) {
            (Credential::Session(session), _) => Some(session.csrf(&shared.session_key)),
            (Credential::Proxy, Some(user)) => Some(shared.session_key.csrf_of_user(user)),
            _ => None,
        }
    }

    /// Whether the request is their own: nobody else's page can have sent it.
    pub(in crate::server) fn is_own(&self, shared: &Shared, csrf: Option<&str>) -> bool {
        let csrf = csrf.unwrap_or_default();
        match (&self.credential, &self.user) {
            (Credential::Token, _) => true,
            (Credential::Session(session), _) => session.is_csrf(&shared.session_key, csrf),
            (Credential::Proxy, Some(user)) => shared.session_key.is_csrf_of_user(user, csrf),
            (Credential::Proxy, None) => false,
        }
    }
}

/// What somebody's requests are limited by, where they show nothing that is good.
pub(in crate::server) fn stranger(parts: &Parts) -> String {
    match parts.extensions.get::<Peer>() {
        Some(Peer(address)) => format!("address {}", canonical(address.ip())),
        None => "address".to_owned(),
    }
}

/// Of IPv6, a network is one: whoever has one address of it has all.
fn canonical(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

fn of_token(known: &Known, credential: Credential) -> Principal {
    Principal {
        name: format!("token {}", known.token.id),
        user: known.token.user_id.clone(),
        scopes: known.scopes.clone(),
        credential,
    }
}

/// The token of `Authorization: Bearer` or `PRIVATE-TOKEN`.
fn token(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let text = |value: &'_ axum::http::HeaderValue| value.to_str().map(str::to_owned).ok();
    if let Some(value) = headers.get(AUTHORIZATION) {
        let is_bearer = text(value).is_some_and(|text| {
            let scheme = text.split(' ').next().unwrap_or_default();
            scheme.eq_ignore_ascii_case("bearer")
        });
        let token = value.to_str().ok().and_then(|text| text.split_once(' '));
        return match (is_bearer, token) {
            (true, Some((_, token))) => Ok(Some(token.trim())),
            _ => Err(ApiError::unauthorized("the header Authorization holds no bearer token")),
        };
    }
    match headers.get(PRIVATE_TOKEN) {
        Some(value) => match value.to_str() {
            Ok(token) => Ok(Some(token.trim())),
            Err(_) => Err(ApiError::unauthorized("the header PRIVATE-TOKEN holds no token")),
        },
        None => Ok(None),
    }
}

fn proxy_user(shared: &Shared, parts: &Parts) -> Result<Option<ProxyUser>, ApiError> {
    let (Some(secret), Some(header)) = (&shared.proxy_secret, parts.headers.get(ProxyUser::HEADER)) else {
        return Ok(None);
    };
    let header = header.to_str().unwrap_or_default();
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    match ProxyUser::verify(header, method, path, secret.expose(), Utc::now()) {
        Ok(user) => Ok(Some(user)),
        Err(error) => Err(ApiError::unauthorized(&error.to_string())),
    }
}

/// The session's cookie, among others.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == Session::COOKIE).map(|(_, value)| value)
}
