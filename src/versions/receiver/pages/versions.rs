//! Versions in use.

use std::collections::BTreeMap;

use chrono::Utc;
use maud::html;

use super::address::query;
use super::overview::ACTIVE;
use super::sight::{Shown, Sight, page};
use crate::page::{Bar, Bars, count, wide_table};

pub(super) async fn show(sight: Sight) -> Shown {
    let found = sight.store.versions(Utc::now() - ACTIVE).await?;
    let mut by_version: BTreeMap<Option<String>, i64> = BTreeMap::new();
    for (version, _, instances) in &found {
        *by_version.entry(version.clone()).or_default() += instances;
    }
    let mut bars: Vec<Bar> = by_version
        .iter()
        .map(|(version, instances)| bar(version.as_deref(), *instances))
        .collect();
    bars.sort_by(|one, other| other.value.total_cmp(&one.value));
    let plot = Bars {
        caption: "Instances by version, of those that pinged in the last 30 days",
        heads: ["Version", "Instances"],
        bars: &bars,
    };
    let body = html! {
        h1 { "Versions in use" }
        (plot.draw())
        h2 { "By edition" }
        @if found.is_empty() { p.none { "There is nothing to show yet." } } @else {
            (wide_table("Instances by version and edition", &html! {
                thead { tr { th scope="col" { "Version" } th scope="col" { "Edition" } th.number scope="col" { "Instances" } } }
                tbody {
                    @for (version, edition, instances) in &found {
                        tr {
                            th scope="row" { (version.as_deref().unwrap_or("unknown")) }
                            td { (edition.as_deref().unwrap_or("unknown")) }
                            td.number { (count(instances.unsigned_abs())) }
                        }
                    }
                }
            }))
        }
    };
    Ok(page("/versions", "Versions in use", None, &body))
}

#[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
fn bar(version: Option<&str>, instances: i64) -> Bar {
    Bar {
        label: version.unwrap_or("unknown").to_owned(),
        href: version.map(|version| query("/instances", &[("version", version)])),
        value: instances as f64,
        text: count(instances.unsigned_abs()),
    }
}
