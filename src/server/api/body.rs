//! The body of a request, and what it says beside its address: JSON, a form, or the query.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::request::Parts;
use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::media::{Media, media};
use crate::server::answer::ApiError;

/// The longest body, packed or not: fifty events with all their properties are a tenth of it.
pub(in crate::server) const LONGEST: usize = 256 * 1024;
/// Whoever sends a body more slowly holds a place that others wait for.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a request says.
///
/// # Errors
/// The body is too long, too slow, packed in a way that is not known, or no such document: 413, 408, 415, 400.
pub(in crate::server) async fn said<T: DeserializeOwned>(parts: &Parts, body: Body) -> Result<T, ApiError> {
    let bytes = bytes(parts, body).await?;
    if media(&parts.headers)? == Media::Json && parts.uri.query().is_none() && !bytes.is_empty() {
        return serde_json::from_slice(&bytes).map_err(|error| unreadable(&error));
    }
    let mut said = pairs(parts.uri.query().unwrap_or_default().as_bytes());
    match media(&parts.headers)? {
        _ if bytes.is_empty() => {}
        Media::Form => said.extend(pairs(&bytes)),
        Media::Json => {
            let document: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))?;
            said.extend(document);
        }
        Media::None => {
            return Err(ApiError::bad(
                "a body needs a content-type: application/json, or a form's",
            ));
        }
    }
    T::deserialize(Value::Object(said)).map_err(|error| unreadable(&error))
}

/// serde's words name a field and a type, and may quote a short value, which is the sender's own.
fn unreadable(error: &serde_json::Error) -> ApiError {
    ApiError::bad(&error.to_string())
}

async fn bytes(parts: &Parts, body: Body) -> Result<Vec<u8>, ApiError> {
    let announced = parts.headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LONGEST) {
        return Err(too_long());
    }
    let bytes = match tokio::time::timeout(TIMEOUT, to_bytes(body, LONGEST)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if is_too_long(&error) => return Err(too_long()),
        Ok(Err(_)) => return Err(ApiError::bad("the body broke off")),
        Err(_) => {
            return Err(ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not come in time",
            ));
        }
    };
    match parts.headers.get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes()) {
        None | Some(b"identity") => Ok(bytes.into()),
        Some(b"gzip") => unpacked(&bytes),
        Some(_) => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "a body may be packed as gzip, or not at all",
        )),
    }
}

/// Stops at the limit: a small body may unpack to any length.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut unpacked = Vec::new();
    let most = LONGEST as u64 + 1;
    let read = GzDecoder::new(bytes).take(most).read_to_end(&mut unpacked);
    read.map_err(|_| ApiError::bad("the body is no gzip"))?;
    match unpacked.len() > LONGEST {
        true => Err(too_long()),
        false => Ok(unpacked),
    }
}

fn too_long() -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        &format!("the body is longer than {LONGEST} bytes"),
    )
}

fn is_too_long(error: &axum::Error) -> bool {
    use std::error::Error;
    error
        .source()
        .is_some_and(|source| source.to_string().contains("length limit exceeded"))
}

/// The pairs of a form; `a[b]=c` is a pair within `a`.
fn pairs(text: &[u8]) -> Map<String, Value> {
    let mut said = Map::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((outer, inner)) => {
                let within = said
                    .entry(outer.to_owned())
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(within) = within {
                    within.insert(inner.to_owned(), value.into_owned().into());
                }
            }
            None => {
                said.insert(name.into_owned(), value.into_owned().into());
            }
        }
    }
    said
}
