//! One metric across the fleet.

use std::collections::BTreeMap;

use axum::extract::Path;
use maud::{Markup, html};

use super::sight::{Failed, Shown, Sight, page};
use crate::page::{Bar, Bars, Crumb, Line, Point, count, short, wide_table};
use crate::versions::receiver::dev_ops::percentile;
use crate::versions::receiver::reading::is_fallback;
use crate::versions::receiver::store::MetricNumber;

/// Bars of the distribution.
const BARS: usize = 12;
/// Versions that are told apart.
const VERSIONS: usize = 50;

pub(super) async fn show(sight: Sight, Path(key_path): Path<String>) -> Shown {
    let found = sight.store.metric(&key_path).await?;
    let found = found.ok_or(Failed::NotFound("No instance has sent a number under this key path."))?;
    let (fallbacks, values): (Vec<_>, Vec<_>) = found.iter().partition(|metric| is_fallback(metric.number));
    let numbers: Vec<f64> = values.iter().map(|metric| metric.number).collect();
    let curve = curve(&numbers);
    let line = Line {
        id: "percentiles",
        title: "Values by percentile of the fleet",
        unit: "",
        points: &curve,
    };
    let body = html! {
        h1.key { (key_path) }
        p.lead { "What the last payload of each instance says." }
        dl.facts {
            div { dt { "Instances with a value" } dd { (counted(numbers.len())) } }
            div { dt { "Without one (-1 or -2)" } dd { (counted(fallbacks.len())) } }
            div { dt { "Sum" } dd { (short(numbers.iter().sum())) } }
            div { dt { "Median" } dd { (percentile(numbers.clone(), 0.5).map_or("–".to_owned(), short)) } }
            div { dt { "90th percentile" } dd { (percentile(numbers.clone(), 0.9).map_or("–".to_owned(), short)) } }
        }
        h2 { "Across the fleet" }
        (line.draw())
        (distribution(&numbers))
        h2 { "By version" }
        (by_version(&values))
    };
    let above = Crumb {
        href: "/metrics".to_owned(),
        name: "Metrics".to_owned(),
    };
    Ok(page("/metrics", &key_path, Some(&above), &body))
}

fn counted(number: usize) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX))
}

/// The value of every fifth percentile.
fn curve(numbers: &[f64]) -> Vec<Point> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let point = |step: u32| Point {
        label: format!("{}%", step * 5),
        value: percentile(numbers.to_vec(), f64::from(step) / 20.0),
        note: None,
    };
    (0..=20).map(point).collect()
}

/// How many instances have a value of each range.
fn distribution(numbers: &[f64]) -> Markup {
    let ranges = ranges(numbers);
    let bars: Vec<Bar> = ranges
        .into_iter()
        .map(|(label, instances)| Bar {
            label,
            href: None,
            #[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
            value: instances as f64,
            text: counted(instances),
        })
        .collect();
    let plot = Bars {
        caption: "Instances by value",
        heads: ["Value", "Instances"],
        bars: &bars,
    };
    plot.draw()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places of bars"
)]
fn ranges(numbers: &[f64]) -> Vec<(String, usize)> {
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let width = (most - least) / BARS as f64;
    if !width.is_finite() || width <= 0.0 {
        return numbers
            .first()
            .map(|number| (short(*number), numbers.len()))
            .into_iter()
            .collect();
    }
    let mut counts = [0; BARS];
    for number in numbers {
        let place = (((number - least) / width) as usize).min(BARS - 1);
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    let label = |place: usize| {
        let from = least + width * place as f64;
        format!("{} to {}", short(from), short(from + width))
    };
    counts
        .into_iter()
        .enumerate()
        .map(|(place, count)| (label(place), count))
        .collect()
}

fn by_version(values: &[&MetricNumber]) -> Markup {
    let mut versions: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for metric in values {
        let version = metric.version.as_deref().unwrap_or("unknown");
        versions.entry(version).or_default().push(metric.number);
    }
    let mut versions: Vec<(&str, Vec<f64>)> = versions.into_iter().collect();
    versions.sort_by_key(|(_, numbers)| std::cmp::Reverse(numbers.len()));
    versions.truncate(VERSIONS);
    let of = |numbers: &[f64], share| percentile(numbers.to_vec(), share).map_or("–".to_owned(), short);
    html! {
        @if versions.is_empty() { p.none { "No instance has a value." } } @else {
            (wide_table("The metric by the version of instances, those of the most first", &html! {
                thead {
                    tr {
                        th scope="col" { "Version" } th.number scope="col" { "Instances" } th.number scope="col" { "Median" }
                        th.number scope="col" { "90th percentile" } th.number scope="col" { "Most" }
                    }
                }
                tbody {
                    @for (version, numbers) in &versions {
                        tr {
                            th scope="row" { (version) }
                            td.number { (counted(numbers.len())) }
                            td.number { (of(numbers, 0.5)) }
                            td.number { (of(numbers, 0.9)) }
                            td.number { (of(numbers, 1.0)) }
                        }
                    }
                }
            }))
        }
    }
}
