//! What data teams read: the statements, and the values that need none.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::operation::{NON_SQL, QUERIES};
use crate::server::answer::{self, ApiError};
use crate::server::engine::{Answer, EngineError};
use crate::server::shared::Shared;

/// How long somebody waits for others who have the databases asked.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn queries(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    QUERIES.pass(&shared, &request.into_parts().0).await?;
    document(&shared, shared.sight.engine.queries()).await
}

pub(super) async fn non_sql(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    NON_SQL.pass(&shared, &request.into_parts().0).await?;
    document(&shared, shared.sight.engine.non_sql()).await
}

async fn document(shared: &Shared, answer: Answer<'_, Value>) -> Result<Response, ApiError> {
    let Ok(Ok(_place)) = tokio::time::timeout(PATIENCE, shared.heavy.acquire()).await else {
        return Err(ApiError::unavailable(
            "somebody else has the databases asked: try again",
        ));
    };
    let document = answer.await.map_err(engine_failed)?;
    Ok(answer::json(StatusCode::OK, &document))
}

pub(super) fn engine_failed(error: EngineError) -> ApiError {
    ApiError::unavailable(&error.0)
}
