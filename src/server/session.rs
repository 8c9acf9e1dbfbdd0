//! Signing in and out: a browser shows a token once, and gets a session for it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::Utc;
use maud::html;
use serde::Deserialize;
use serde_json::json;

use super::access::{Gate, Needs, Principal, limited};
use super::answer::{self, ApiError};
use super::api::said;
use super::pages::{Look, page};
use super::shared::Shared;
use crate::access::Session;

#[derive(Debug, Deserialize)]
struct SignIn {
    token: String,
    #[serde(default)]
    next: String,
}

/// What a form of a page sends along.
#[derive(Debug, Deserialize)]
pub(super) struct Proof {
    #[serde(default)]
    pub(super) csrf_token: String,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/session", get(form).post(begin))
        .route("/session/end", post(end))
        .route("/usage_data/csrf_token", get(csrf))
}

async fn form(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let look = Look::of(&shared, &parts).await;
    let next = parts.uri.query().and_then(|query| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(name, _)| name == "next")
            .map(|(_, next)| next.into_owned())
    });
    Ok(sign_in(&look, &next.unwrap_or_default(), None))
}

fn sign_in(look: &Look, next: &str, wrong: Option<&str>) -> Response {
    let body = html! {
        h1 { "Sign in" }
        p.lead { "Show a token that " code { "service-ping token add NAME --scope admin" } " made." }
        @if let Some(wrong) = wrong { p.bad role="alert" { (wrong) } }
        form.row method="post" action="/session" {
            input type="hidden" name="next" value=(next);
            label { "Token" input type="password" name="token" autocomplete="current-password" required autofocus; }
            button { "Sign in" }
        }
        p.note { "A session lasts twelve hours. It ends at once when its token is revoked." }
    };
    let status = if wrong.is_some() {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    page(look, status, "/session", "Sign in", None, &body)
}

async fn begin(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    limited(&shared, &parts)?;
    // A page of another site could sign a browser in as somebody else.
    if is_of_another_site(&parts) {
        return Err(ApiError::forbidden("the form was sent by a page of another site"));
    }
    let SignIn { token, next } = said(&parts, body).await?;
    let Some(known) = shared.tokens.of_new_text(token.trim()).await? else {
        let look = Look::of(&shared, &parts).await;
        return Ok(sign_in(
            &look,
            &next,
            Some("The token is not known, is over, or was revoked."),
        ));
    };
    let session = Session::begin(known.token.id, Utc::now());
    let cookie = cookie(&shared, &session.to_cookie(&shared.session_key), Session::SECONDS);
    Ok(moved(&local(&next), Some(cookie)))
}

async fn end(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let principal = Principal::of(&shared, &parts).await?;
    let Proof { csrf_token } = said(&parts, body).await?;
    if let Some(principal) = principal
        && !principal.is_own(&shared, Some(&csrf_token))
    {
        return Err(ApiError::forbidden("Invalid CSRF token is provided"));
    }
    Ok(moved("/", Some(cookie(&shared, "", 0))))
}

/// What the pages of a product send along, whose server renders them.
async fn csrf(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let gate = Gate {
        needs: Needs::Scope(crate::access::Scope::Track),
        flag: None,
        changes: false,
    };
    let principal = gate.pass(&shared, &parts).await?;
    let csrf = principal.and_then(|principal| principal.csrf(&shared));
    Ok(answer::json(StatusCode::OK, &json!({"csrf_token": csrf})))
}

/// Reads what a form says, and whether it is a page's own.
///
/// # Errors
/// 401, 403: nobody is signed in, or they may not, or another site's page sent it.
pub(super) async fn own_form(
    shared: &Shared,
    parts: &Parts,
    body: Body,
    scope: crate::access::Scope,
) -> Result<Principal, ApiError> {
    let gate = Gate {
        needs: Needs::Scope(scope),
        flag: None,
        changes: false,
    };
    let principal = gate.pass(shared, parts).await?;
    let principal = principal.ok_or_else(|| ApiError::unauthorized("sign in first"))?;
    let Proof { csrf_token } = said(parts, body).await?;
    match principal.is_own(shared, Some(&csrf_token)) {
        true => Ok(principal),
        false => Err(ApiError::forbidden("Invalid CSRF token is provided")),
    }
}

/// Sent back to a page.
pub(super) fn moved(to: &str, cookie: Option<HeaderValue>) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else {
        return StatusCode::SEE_OTHER.into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn cookie(shared: &Shared, value: &str, seconds: i64) -> HeaderValue {
    let secure = if shared.sight.access.https { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}",
        Session::COOKIE
    );
    // Its parts are digits and names.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A path of this server, whatever was asked for.
fn local(next: &str) -> String {
    let is_path = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_path && is_plain {
        next.to_owned()
    } else {
        "/".to_owned()
    }
}

/// Whether a page of another site had the browser ask; browsers say so themselves.
pub(super) fn is_of_another_site(parts: &Parts) -> bool {
    let site = parts.headers.get("sec-fetch-site").map(|site| site.as_bytes());
    !matches!(site, None | Some(b"same-origin" | b"none"))
}
