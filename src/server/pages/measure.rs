//! "Run now": one metric, read before a person's eyes.

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};

use super::look::{Look, failed};
use super::metric::shown;
use crate::access::Scope;
use crate::server::answer::ApiError;
use crate::server::session::own_form;
use crate::server::shared::Shared;

const HERE: &str = "/dictionary";

pub(super) async fn measure(State(shared): State<Shared>, Path(key_path): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(error) = own_form(&shared, &parts, body, Scope::Admin).await {
        return error.into_response();
    }
    let look = Look::of(&shared, &parts).await;
    let Ok(_place) = shared.heavy.try_acquire() else {
        let busy = ApiError::unavailable("somebody else has the databases asked: try again");
        return failed(&look, HERE, &busy);
    };
    match shared.sight.engine.measure(&key_path).await {
        Ok(measured) => shown(&shared, &look, &key_path, false, Some(&measured)).await,
        Err(error) => failed(&look, HERE, &ApiError::unavailable(&error.0)),
    }
}
