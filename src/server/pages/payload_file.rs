//! The payload as a file: the very bytes.

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::look::Look;
use super::payload::asked;
use crate::server::shared::Shared;

pub(super) async fn payload_file(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Err(answer) = Look::at(&shared, &parts).await {
        return answer;
    }
    match asked(&shared, &parts).await {
        Ok(shown) => {
            let headers = [
                (CONTENT_TYPE, "application/json"),
                (CONTENT_DISPOSITION, "attachment; filename=\"payload.json\""),
            ];
            (headers, shown.text).into_response()
        }
        Err(error) => error.into_response(),
    }
}
