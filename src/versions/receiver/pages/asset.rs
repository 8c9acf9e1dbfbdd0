//! The files that pages refer to.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::page::{SCRIPT, STYLE};

/// An asset by its name. Its address changes with its bytes, so that browsers may keep it for ever.
pub(super) async fn send(Path(name): Path<String>) -> Response {
    let path = format!("/assets/{name}");
    let found = [&STYLE, &SCRIPT].into_iter().find(|asset| asset.path == path);
    let Some(asset) = found else {
        return (StatusCode::NOT_FOUND, "there is nothing at this path").into_response();
    };
    let headers = [
        (CONTENT_TYPE, asset.kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.bytes).into_response()
}
