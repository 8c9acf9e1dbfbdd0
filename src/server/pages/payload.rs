//! The payload: of the last run, or as it would leave now; searched, and downloaded to the byte.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::look::{Look, failed, page};
use super::show;
use crate::page::{bytes, wide_table};
use crate::server::answer::ApiError;
use crate::server::session::is_of_another_site;
use crate::server::shared::Shared;

const HERE: &str = "/payload";

/// A payload, and what there is to say of it.
pub(super) struct Shown {
    pub(super) text: String,
    says: String,
    is_fresh: bool,
}

pub(super) async fn payload(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    match asked(&shared, &parts).await {
        Ok(shown) => {
            let search = parameter(&parts, "q").unwrap_or_default();
            page(&look, StatusCode::OK, HERE, "Payload", None, &body(&shown, &search))
        }
        Err(error) => failed(&look, HERE, &error),
    }
}

/// The payload that the query asks for.
pub(super) async fn asked(shared: &Shared, parts: &Parts) -> Result<Shown, ApiError> {
    if parameter(parts, "fresh").is_none() {
        let last = shared.sight.state.last_payload().await?;
        return Ok(Shown {
            says: match last {
                Some(_) => "The payload of the last run, as it was stored.".to_owned(),
                None => "No run has stored a payload yet.".to_owned(),
            },
            text: last.unwrap_or_else(|| "{}".to_owned()),
            is_fresh: false,
        });
    }
    own(parts)?;
    let Ok(_place) = shared.heavy.try_acquire() else {
        return Err(ApiError::unavailable(
            "somebody else has the databases asked: try again",
        ));
    };
    let preview = shared.sight.engine.preview().await;
    let preview = preview.map_err(|error| ApiError::unavailable(&error.0))?;
    Ok(Shown {
        text: preview.payload,
        says: preview.says,
        is_fresh: true,
    })
}

/// What reads the databases is asked for by our own pages, or by a person.
///
/// # Errors
/// 403: a page of another site asks.
pub(super) fn own(parts: &Parts) -> Result<(), ApiError> {
    match is_of_another_site(parts) {
        true => Err(ApiError::forbidden(
            "a page of another site may not have the databases asked",
        )),
        false => Ok(()),
    }
}

pub(super) fn parameter(parts: &Parts, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(parts.uri.query()?.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

fn body(shown: &Shown, search: &str) -> Markup {
    let document: Value = serde_json::from_str(&shown.text).unwrap_or_default();
    let mut leaves = Vec::new();
    flatten(&document, String::new(), &mut leaves);
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    let fits = |(path, value): &&(String, String)| {
        let text = format!("{path} {value}").to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let found: Vec<&(String, String)> = leaves.iter().filter(fits).collect();
    let file = if shown.is_fresh {
        "/payload.json?fresh=1"
    } else {
        "/payload.json"
    };
    html! {
        h1 { "Payload" }
        p.lead { (shown.says) @if !shown.is_fresh { " " (bytes(shown.text.len() as u64)) "." } }
        p {
            a.button href=(file) download="payload.json" { "Download" } " "
            @if shown.is_fresh { a.button href="/payload" { "The last run's" } }
            @else { a.button href="/payload?fresh=1" { "As it would leave now" } }
        }
        form.row role="search" method="get" action="/payload" {
            @if shown.is_fresh { input type="hidden" name="fresh" value="1"; }
            label { "Search keys and values" input type="search" name="q" value=(search) data-narrows="leaves" autocomplete="off"; }
            button { "Search" }
        }
        p.note role="status" #leaves-count data-of=(leaves.len()) { (found.len()) " of " (leaves.len()) }
        (wide_table("Every leaf of the payload", &html! {
            thead { tr { th scope="col" { "Key path" } th scope="col" { "Value" } } }
            tbody #leaves {
                @for (path, value) in found {
                    tr { th scope="row" { code { (path) } } td { (value) } }
                }
            }
        }))
        h2 { "The document" }
        details { summary { "Show the JSON" } pre { code { (format!("{document:#}")) } } }
    }
}

/// Every leaf by its path; lists and empty objects are leaves.
fn flatten(value: &Value, path: String, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(value, path, leaves);
            }
        }
        leaf => leaves.push((path, show::value(leaf))),
    }
}
