//! Failures by metric and version: what to look at before the next release.

use axum::extract::Query;
use maud::html;
use serde::Deserialize;

use super::address::path;
use super::sight::{Shown, Sight, page};
use crate::page::{count, wide_table};

/// Rows of the page.
const ROWS: i64 = 500;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    version: String,
}

pub(super) async fn show(sight: Sight, Query(asked): Query<Asked>) -> Shown {
    let version = Some(asked.version.as_str()).filter(|version| !version.is_empty());
    let found = sight.store.failure_counts(version, ROWS).await?;
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= ROWS;
    let body = html! {
        h1 { "Failures by metric and version" }
        p.lead {
            "Metrics that have no value in the last payload of instances: -1 and -2, and the reasons that metadata tells."
        }
        form.row action="/failures" method="get" {
            label { "Version" input name="version" value=(asked.version); }
            div { button { "Show" } }
        }
        @if found.is_empty() { p.none { "No metric has failed." } } @else {
            (wide_table("Failures, those of the most instances first", &html! {
                thead {
                    tr {
                        th scope="col" { "Metric" } th scope="col" { "Version" } th.number scope="col" { "Instances" }
                        th.number scope="col" { "Of" } th scope="col" { "Reasons" }
                    }
                }
                tbody {
                    @for failure in &found {
                        tr {
                            th scope="row" { a href=(path("/metrics", &failure.key_path)) { (failure.key_path) } }
                            td { (failure.version.as_deref().unwrap_or("unknown")) }
                            td.number { (count(failure.instances.unsigned_abs())) }
                            td.number { (count(failure.of.unsigned_abs())) }
                            td { (failure.reasons.as_deref().unwrap_or_default().replace(',', ", ")) }
                        }
                    }
                }
            }))
        }
        @if is_full { p.note { "These are the first " (ROWS) "." } }
    };
    Ok(page("/failures", "Failures by metric and version", None, &body))
}
