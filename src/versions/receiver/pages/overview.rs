//! The fleet at a glance.

use chrono::{TimeDelta, Utc};
use maud::html;

use super::sight::{Shown, Sight, page};
use crate::page::{count, wide_table};
use crate::source::facts::iso8601;
use crate::versions::receiver::InstanceOrder;

/// Who pinged within these days is there.
pub(super) const ACTIVE: TimeDelta = TimeDelta::days(30);
const LATEST: i64 = 10;

pub(super) async fn show(sight: Sight) -> Shown {
    let (all, active) = sight.store.instance_count(Utc::now() - ACTIVE).await?;
    let counts = sight.store.counts().await?;
    let order = InstanceOrder {
        most: LATEST,
        ..InstanceOrder::default()
    };
    let latest = sight.store.instances(&order).await?;
    let body = html! {
        h1 { "The fleet" }
        p.lead { "What instances sent here, once a week each." }
        dl.facts {
            div { dt { "Instances" } dd { (count(all.unsigned_abs())) } }
            div { dt { "Active in the last 30 days" } dd { (count(active.unsigned_abs())) } }
            div { dt { "Payloads" } dd { (count(counts.payloads)) } }
            div { dt { "Error reports" } dd { (count(counts.errors)) } }
        }
        h2 { "Latest pings" }
        @if latest.is_empty() { p.none { "No instance has sent anything yet." } } @else {
            (wide_table("The instances that pinged last", &html! {
                thead { tr { th scope="col" { "Instance" } th scope="col" { "Host" } th scope="col" { "Version" } th scope="col" { "Last ping" } } }
                tbody {
                    @for instance in &latest {
                        tr {
                            th scope="row" { a href=(super::address::path("/instances", &instance.uuid)) { (instance.uuid) } }
                            td { (instance.hostname.as_deref().unwrap_or("–")) }
                            td { (instance.version.as_deref().unwrap_or("–")) }
                            td { (iso8601(instance.last_ping_at)) }
                        }
                    }
                }
            }))
        }
    };
    Ok(page("/", "The fleet", None, &body))
}
