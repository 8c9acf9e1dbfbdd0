//! Metrics that can be looked at across the fleet.

use axum::extract::Query;
use maud::html;
use serde::Deserialize;

use super::address::path;
use super::sight::{Shown, Sight, page};

/// Names a page.
const ROWS: i64 = 500;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
}

pub(super) async fn show(sight: Sight, Query(asked): Query<Asked>) -> Shown {
    let names = sight.store.metric_names(&asked.q, ROWS).await?;
    let is_full = i64::try_from(names.len()).unwrap_or(i64::MAX) >= ROWS;
    let body = html! {
        h1 { "Metrics" }
        p.lead { "Every number that instances sent, by its key path." }
        form.row role="search" action="/metrics" method="get" {
            label { "Key path holds" input type="search" name="q" value=(asked.q); }
            div { button { "Search" } }
        }
        @if names.is_empty() { p.none { "No metric fits." } } @else {
            ul.plain { @for name in &names { li { a.key href=(path("/metrics", name)) { (name) } } } }
        }
        @if is_full { p.note { "These are the first " (ROWS) ": narrow the search to see others." } }
    };
    Ok(page("/metrics", "Metrics", None, &body))
}
