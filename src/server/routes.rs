//! The paths of `serve`.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;

use super::answer::ApiError;
use super::geo::take_status;
use super::shared::Shared;
use super::{api, assets, hosts, pages, probes, session};

pub(super) fn router(shared: Shared) -> Router {
    // Pages and their parts are told to browsers as their own; the API is asked by programs as well.
    let pages = pages::router().merge(session::router()).layer(from_fn(assets::guarded));
    Router::new()
        .merge(api::router())
        .merge(pages)
        .merge(assets::router())
        .layer(from_fn_with_state(shared.clone(), hosts::of_this_server))
        .merge(probes::router())
        .route("/geo/status", post(take_status))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .with_state(shared)
}

async fn nowhere() -> ApiError {
    ApiError::not_found("there is nothing at this path: / has the pages, /usage_data/openapi.json the API")
}

async fn not_so() -> Result<Response, ApiError> {
    Err(ApiError::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "this path takes another method: /usage_data/openapi.json has them all",
    ))
}
