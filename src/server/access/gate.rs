//! What every request of the API passes: who asks, how often, whether they may, and whether a page of theirs sent it.

use std::time::Instant;

use axum::http::request::Parts;

use super::principal::{Principal, stranger};
use crate::access::Scope;
use crate::server::answer::ApiError;
use crate::server::shared::Shared;

const CSRF: &str = "x-csrf-token";

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Needs {
    /// Anybody may.
    Nothing,
    Scope(Scope),
}

/// The gate of one kind of request.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct Gate {
    pub(in crate::server) needs: Needs,
    /// The flag that switches it off, and whether it is on where nobody says.
    pub(in crate::server) flag: Option<(&'static str, bool)>,
    /// Whether it changes anything, so that a page must prove that it is the program's own.
    pub(in crate::server) changes: bool,
}

impl Gate {
    /// Who asks, if they may.
    ///
    /// # Errors
    /// 429, 401, 404 where it is switched off, 403: in this order (spec 13).
    pub(in crate::server) async fn pass(&self, shared: &Shared, parts: &Parts) -> Result<Option<Principal>, ApiError> {
        let principal = Principal::of(shared, parts).await?;
        match &principal {
            Some(principal) => limit(shared, &principal.name)?,
            None => limit(shared, &stranger(parts))?,
        }
        if principal.is_none() && self.needs != Needs::Nothing {
            return Err(ApiError::unauthorized("show a token, or sign in"));
        }
        if let Some((flag, usual)) = self.flag
            && !shared.flag(flag, usual)
        {
            return Err(ApiError::not_found(&format!("the feature flag {flag} is off")));
        }
        if let (Some(principal), Needs::Scope(scope)) = (&principal, self.needs)
            && !principal.scopes.allow(scope)
        {
            return Err(ApiError::forbidden(&format!("this needs the scope {scope}")));
        }
        if let Some(principal) = &principal
            && self.changes
        {
            let csrf = parts.headers.get(CSRF).and_then(|value| value.to_str().ok());
            if !principal.is_own(shared, csrf) {
                return Err(ApiError::forbidden("Invalid CSRF token is provided"));
            }
        }
        Ok(principal)
    }
}

/// Whoever has shown nothing may ask as often as their address may.
///
/// # Errors
/// 429.
pub(in crate::server) fn limited(shared: &Shared, parts: &Parts) -> Result<(), ApiError> {
    limit(shared, &stranger(parts))
}

fn limit(shared: &Shared, name: &str) -> Result<(), ApiError> {
    shared.rate.take(name, Instant::now()).map_err(ApiError::too_many)
}
