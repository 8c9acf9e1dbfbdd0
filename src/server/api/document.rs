//! The API's own description.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::openapi::openapi;
use crate::server::answer;
use crate::server::shared::Shared;

pub(super) async fn document(State(_): State<Shared>) -> Response {
    answer::json(StatusCode::OK, &openapi())
}
