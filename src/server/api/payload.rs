//! `service_ping`: the payload of the last run.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::operation::SERVICE_PING;
use crate::server::answer::{self, ApiError};
use crate::server::shared::Shared;

pub(super) async fn service_ping(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    SERVICE_PING.pass(&shared, &request.into_parts().0).await?;
    let last = shared.sight.state.last_payload().await?;
    let text = last.unwrap_or_else(|| "{}".to_owned());
    Ok(answer::text(StatusCode::OK, "application/json", text))
}
