//! Error reports.

use axum::extract::Query;
use maud::html;
use serde::Deserialize;

use super::address::{path, query};
use super::sight::{Shown, Sight, page};
use crate::page::{short, wide_table};
use crate::source::facts::iso8601;

/// Reports a page.
const ROWS: i64 = 100;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Only those before this id.
    before: Option<i64>,
}

pub(super) async fn show(sight: Sight, Query(asked): Query<Asked>) -> Shown {
    let found = sight.store.last_errors(asked.before.unwrap_or(i64::MAX), ROWS).await?;
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= ROWS;
    let oldest = found.last().filter(|_| is_full).map(|error| error.id.to_string());
    let body = html! {
        h1 { "Errors" }
        p.lead { "What instances say of payloads that they could not make or deliver." }
        @if found.is_empty() { p.none { "No instance has reported an error." } } @else {
            (wide_table("Error reports, the last first", &html! {
                thead {
                    tr {
                        th scope="col" { "Received" } th scope="col" { "Instance" } th scope="col" { "Host" }
                        th scope="col" { "Version" } th.number scope="col" { "Seconds" } th scope="col" { "Message" }
                    }
                }
                tbody {
                    @for error in &found {
                        @let says = error.report().unwrap_or_default();
                        tr {
                            th scope="row" { (iso8601(error.received_at)) }
                            td { a href=(path("/instances", &error.uuid)) { (error.uuid) } }
                            td { (says.hostname.as_deref().unwrap_or("–")) }
                            td { (says.version.as_deref().unwrap_or("–")) }
                            td.number { (says.elapsed.map_or("–".to_owned(), short)) }
                            td { (says.message.as_deref().unwrap_or("–")) }
                        }
                    }
                }
            }))
        }
        @if let Some(oldest) = oldest { p.note { a href=(query("/errors", &[("before", &oldest)])) { "Earlier errors" } } }
    };
    Ok(page("/errors", "Errors", None, &body))
}
