//! A collector's paths, and Micro's.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::event::{BadRow, GoodEvent};
use super::judge::Judge;
use super::kept::{Filter, Kept, Totals};
use super::request::Request;

/// A longer body is refused; what is longer than a pipeline takes is lost before.
const LONGEST: usize = 2_097_152;

/// What the paths stand on.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) judge: Judge,
    pub(super) kept: Arc<Kept>,
    /// What vendors whose name ends in `.auth` ask for.
    pub(super) token: Option<String>,
}

type Shared = State<Arc<Site>>;

pub(super) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/health", get(async || "ok"))
        .route("/sink-health", get(async || "ok"))
        .route("/micro/all", get(all).post(all))
        .route("/micro/good", get(good).post(wanted))
        .route("/micro/bad", get(bad).post(bad))
        .route("/micro/reset", get(reset).post(reset))
        .route("/{vendor}/{version}", post(take))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(site)
}

/// Nearly everything is answered with 200: whether it was sound, nobody is told.
async fn take(
    State(site): Shared,
    Path((vendor, version)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::to_owned);
    let bearer = site.token.as_ref().map(|token| format!("Bearer {token}"));
    if vendor.ends_with(".auth") && bearer.is_some_and(|bearer| header(AUTHORIZATION) != Some(bearer)) {
        return (StatusCode::FORBIDDEN, "the token is missing, or another").into_response();
    }
    let request = Request {
        content_type: header(CONTENT_TYPE),
        user_agent: header(USER_AGENT),
        vendor,
        version,
        body: body.to_vec(),
        collected_at: unix_ms(),
    };
    site.kept.keep(site.judge.judge(&request));
    (StatusCode::OK, "ok").into_response()
}

async fn all(State(site): Shared) -> Json<Totals> {
    Json(site.kept.totals())
}

async fn good(State(site): Shared) -> Json<Vec<GoodEvent>> {
    Json(site.kept.good(&Filter::default()))
}

async fn wanted(State(site): Shared, Json(filter): Json<Filter>) -> Json<Vec<GoodEvent>> {
    Json(site.kept.good(&filter))
}

async fn bad(State(site): Shared) -> Json<Vec<BadRow>> {
    Json(site.kept.bad())
}

async fn reset(State(site): Shared) -> Json<Totals> {
    site.kept.reset();
    Json(site.kept.totals())
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
