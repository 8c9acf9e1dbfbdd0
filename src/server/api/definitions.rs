//! `metric_definitions`: what is measured, open to anybody (spec 1.7).

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::operation::OPEN;
use super::read::engine_failed;
use crate::dictionary::{Dictionary, MetricEntry};
use crate::server::answer::{self, ApiError};
use crate::server::shared::Shared;

const YAML: &str = "application/yaml";

pub(super) async fn definitions(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    OPEN.pass(&shared, &parts).await?;
    let with_paths = includes_paths(parts.uri.query().unwrap_or_default())?;
    let dictionary = shared.sight.engine.dictionary().await.map_err(engine_failed)?;
    let text = serde_yaml::to_string(&listed(&dictionary, with_paths));
    let text = text.map_err(|_| ApiError::unavailable("the definitions cannot be written as YAML"))?;
    Ok(answer::text(StatusCode::OK, YAML, text))
}

fn includes_paths(query: &str) -> Result<bool, ApiError> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    match pairs.find(|(name, _)| name == "include_paths") {
        None => Ok(false),
        Some((_, value)) => match value.as_ref() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(ApiError::bad("include_paths is invalid")),
        },
    }
}

fn listed(dictionary: &Dictionary, with_paths: bool) -> Value {
    let entry = |metric: &MetricEntry| {
        let mut entry = metric.attributes.clone();
        if with_paths {
            entry.insert("file_path".to_owned(), metric.file.to_string().into());
        }
        Value::Object(entry)
    };
    dictionary.metrics.iter().map(entry).collect()
}
