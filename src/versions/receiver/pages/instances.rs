//! All instances, a page at a time.

use axum::extract::Query;
use maud::html;
use serde::Deserialize;

use super::address::{path, query};
use super::sight::{Shown, Sight, page};
use crate::page::{count, wide_table};
use crate::source::facts::iso8601;
use crate::versions::receiver::InstanceOrder;

/// Instances a page.
const ROWS: i64 = 100;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    version: String,
    from: i64,
}

impl Asked {
    fn order(&self) -> InstanceOrder {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        InstanceOrder {
            version: given(&self.version),
            holding: given(&self.q),
            offset: self.from.max(0),
            // One more tells whether there is a next page.
            most: ROWS + 1,
        }
    }

    fn page(&self, from: i64) -> String {
        let from = if from > 0 { from.to_string() } else { String::new() };
        query(
            "/instances",
            &[("q", &self.q), ("version", &self.version), ("from", &from)],
        )
    }
}

pub(super) async fn show(sight: Sight, Query(asked): Query<Asked>) -> Shown {
    let order = asked.order();
    let mut found = sight.store.instances(&order).await?;
    let more = i64::try_from(found.len()).unwrap_or(i64::MAX) > ROWS;
    found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let body = html! {
        h1 { "Instances" }
        form.row role="search" action="/instances" method="get" {
            label { "Uuid or host" input type="search" name="q" value=(asked.q); }
            label { "Version" input name="version" value=(asked.version); }
            div { button { "Search" } }
        }
        @if found.is_empty() { p.none { "No instance fits." } } @else {
            (wide_table("Instances, those that pinged last first", &html! {
                thead {
                    tr {
                        th scope="col" { "Instance" } th scope="col" { "Host" } th scope="col" { "Version" }
                        th scope="col" { "Edition" } th scope="col" { "Last ping" } th scope="col" { "Licence's last ping" }
                        th.number scope="col" { "Pings" }
                    }
                }
                tbody {
                    @for instance in &found {
                        tr {
                            th scope="row" { a href=(path("/instances", &instance.uuid)) { (instance.uuid) } }
                            td { (instance.hostname.as_deref().unwrap_or("–")) }
                            td { (instance.version.as_deref().unwrap_or("–")) }
                            td { (instance.edition.as_deref().unwrap_or("–")) }
                            td { (iso8601(instance.last_ping_at)) }
                            td { (instance.license_ping_at.map_or("–".to_owned(), iso8601)) }
                            td.number { (count(instance.pings.unsigned_abs())) }
                        }
                    }
                }
            }))
        }
        p.note {
            @if order.offset > 0 { a href=(asked.page(order.offset - ROWS)) { "Later pings" } " " }
            @if more { a href=(asked.page(order.offset + ROWS)) { "Earlier pings" } }
        }
    };
    Ok(page("/instances", "Instances", None, &body))
}
