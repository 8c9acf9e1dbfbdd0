//! Files that pages load, and the headers that pages are sent with.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::shared::Shared;
use crate::page::{Asset, HEADERS, SCRIPT, STYLE};

/// The module that a product's own pages load.
const HELPER: &str = include_str!("usage-data.js");
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            STYLE.path,
            get(|headers: HeaderMap| async move { file(&STYLE, &headers) }),
        )
        .route(
            SCRIPT.path,
            get(|headers: HeaderMap| async move { file(&SCRIPT, &headers) }),
        )
        .route("/assets/usage-data.js", get(helper))
}

/// An address that changes with the bytes may be kept for ever.
fn file(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", asset.version());
    let known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let Ok(tag) = HeaderValue::from_str(&tag) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let own = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
        (ETAG, tag),
    ];
    let mut response = match known {
        true => (StatusCode::NOT_MODIFIED, own).into_response(),
        false => (own, asset.bytes).into_response(),
    };
    guard(response.headers_mut());
    response
}

/// Pages of other origins load it: the product's own.
async fn helper() -> Response {
    let headers = [
        (CONTENT_TYPE, JAVASCRIPT),
        (CACHE_CONTROL, "public, max-age=3600"),
        (axum::http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, HELPER).into_response()
}

/// Adds the headers of every page.
pub(super) async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    guard(response.headers_mut());
    response
}

fn guard(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
