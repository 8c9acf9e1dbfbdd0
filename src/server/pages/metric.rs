//! One metric: what it means, how it is measured, and what came of it, run after run.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::look::{Look, failed, page};
use super::payload::{own, parameter};
use super::show;
use crate::dictionary::MetricEntry;
use crate::page::{Crumb, Line, Point, wide_table};
use crate::report::has_fallen_back;
use crate::server::answer::ApiError;
use crate::server::engine::MeasuredNow;
use crate::server::shared::Shared;
use crate::state::PastOutcome;

const HERE: &str = "/dictionary";
const RUNS: u32 = 60;

pub(super) async fn metric(State(shared): State<Shared>, Path(key_path): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    let plans = parameter(&parts, "plan").is_some();
    if plans && let Err(error) = own(&parts) {
        return failed(&look, HERE, &error);
    }
    shown(&shared, &look, &key_path, plans, None).await
}

/// The page, with what was measured just now, if anything was.
pub(super) async fn shown(
    shared: &Shared,
    look: &Look,
    key_path: &str,
    plans: bool,
    measured: Option<&MeasuredNow>,
) -> Response {
    match body(shared, look, key_path, plans, measured).await {
        Ok(body) => {
            let above = Crumb {
                href: HERE.to_owned(),
                name: "Dictionary".to_owned(),
            };
            page(look, StatusCode::OK, HERE, key_path, Some(&above), &body)
        }
        Err(error) => failed(look, HERE, &error),
    }
}

async fn body(
    shared: &Shared,
    look: &Look,
    key_path: &str,
    plans: bool,
    measured: Option<&MeasuredNow>,
) -> Result<Markup, ApiError> {
    let engine = &shared.sight.engine;
    let dictionary = engine
        .dictionary()
        .await
        .map_err(|error| ApiError::unavailable(&error.0))?;
    let entry = dictionary.metrics.iter().find(|metric| metric.key_path == key_path);
    let past = shared.sight.state.past_outcomes(key_path, RUNS).await?;
    if entry.is_none() && past.is_empty() {
        return Err(ApiError::not_found(
            "no definition and no run has a metric of that key path",
        ));
    }
    let plan = match plans {
        true => Some(plan(shared, key_path).await?),
        false => None,
    };
    Ok(html! {
        h1.key { (key_path) }
        @match entry {
            Some(entry) => (meaning(entry)),
            None => p.lead { "No definition has it any more; runs of before do." },
        }
        @if let Some(measured) = measured { (now(measured)) }
        (run_now(look, key_path, entry))
        h2 { "Value over the runs" }
        (over_time(&past))
        h2 { "Time over the runs" }
        (times(&past))
        @if let Some(entry) = entry { (measures(entry)) }
        @if let Some(plan) = plan { h2 #plan { "Plan" } pre tabindex="0" { code { (plan) } } }
        @else if entry.is_some_and(|entry| !entry.measured.statements.is_empty()) {
            p { a.button href={ "/dictionary/" (key_path) "?plan=1#plan" } { "Show the plan" } }
        }
    })
}

async fn plan(shared: &Shared, key_path: &str) -> Result<String, ApiError> {
    let Ok(_place) = shared.heavy.try_acquire() else {
        return Err(ApiError::unavailable(
            "somebody else has the databases asked: try again",
        ));
    };
    let plan = shared.sight.engine.explain(key_path).await;
    plan.map_err(|error| ApiError::unavailable(&error.0))
}

fn meaning(entry: &MetricEntry) -> Markup {
    html! {
        p.lead { (entry.description) }
        dl.facts {
            div { dt { "Status" } dd { (entry.status) } }
            div { dt { "Time frame" } dd { (entry.time_frame) } }
            div { dt { "Source" } dd { (entry.data_source) } }
            div { dt { "Category" } dd { (entry.data_category) } }
            div { dt { "Value" } dd { (entry.value_type) } }
            @if let Some(owner) = &entry.owner { div { dt { "Owner" } dd { (owner) } } }
            div.long { dt { "Defined in" } dd { code { (entry.file) } } }
        }
    }
}

fn run_now(look: &Look, key_path: &str, entry: Option<&MetricEntry>) -> Markup {
    html! {
        @if entry.is_some_and(|entry| !entry.is_removed()) {
            @match (&look.csrf, look.is_admin) {
                (Some(csrf), true) => form method="post" action={ "/dictionary/" (key_path) "/run" } {
                    input type="hidden" name="csrf_token" value=(csrf);
                    button { "Run now" }
                    p.note { "It is read from the live sources and shown here; nothing is stored or sent." }
                },
                _ => p.note { a href={ "/session?next=/dictionary/" (key_path) } { "Sign in" } " as an administrator to run it now." },
            }
        }
    }
}

fn now(measured: &MeasuredNow) -> Markup {
    html! {
        section.panel #now aria-label="Measured now" {
            p { "Measured now: " strong class=(if measured.is_well { "good" } else { "bad" }) { (show::value(&measured.value)) } }
            @if !measured.statements.is_empty() { pre tabindex="0" { code { (measured.statements) } } }
            @if !measured.details.is_empty() { pre tabindex="0" { code { (measured.details) } } }
        }
    }
}

fn over_time(past: &[PastOutcome]) -> Markup {
    let points: Vec<Point> = past
        .iter()
        .rev()
        .map(|one| point(one, one.outcome.value.as_f64()))
        .collect();
    let is_number = past.iter().any(|one| one.outcome.value.is_number());
    let failed = past.iter().find(|one| has_fallen_back(&one.outcome));
    html! {
        @if is_number {
            (Line { id: "values", title: "Value over the runs", unit: "", points: &points }.draw())
        }
        @if let Some(failed) = failed {
            p { "Last without its own value at " (show::time(failed.recorded_at)) ": " (show::reason(&failed.outcome)) }
        }
        @if past.is_empty() { p.none { "No run has it yet." } } @else {
            details { summary { "The values" } (wide_table(&format!("The last {} runs that have it, newest first", past.len()), &html! {
                thead { tr { th scope="col" { "Recorded at" } th.number scope="col" { "Value" } th.number scope="col" { "Took" } th scope="col" { "Reason" } } }
                tbody { @for one in past { tr {
                    th scope="row" { a href={ "/runs/" (one.run_id) } { (show::time(one.recorded_at)) } }
                    td.number { (show::value(&one.outcome.value)) }
                    td.number { (show::seconds(one.outcome.elapsed_seconds)) }
                    td { (show::reason(&one.outcome)) }
                } } }
            })) }
        }
    }
}

fn times(past: &[PastOutcome]) -> Markup {
    let points: Vec<Point> = past
        .iter()
        .rev()
        .map(|one| Point {
            label: show::day(one.recorded_at),
            value: Some(one.outcome.elapsed_seconds * 1_000.0),
            note: None,
        })
        .collect();
    let line = Line {
        id: "times",
        title: "Time over the runs, in milliseconds",
        unit: "ms",
        points: &points,
    };
    line.draw()
}

/// A value that is none of its own is a gap, not a -1.
fn point(past: &PastOutcome, value: Option<f64>) -> Point {
    Point {
        label: show::day(past.recorded_at),
        value: value.filter(|_| !has_fallen_back(&past.outcome)),
        note: past.outcome.reason.clone(),
    }
}

fn measures(entry: &MetricEntry) -> Markup {
    let measured = &entry.measured;
    html! {
        h2 { "How it is measured" }
        p { (measured.counts) @if !measured.window.is_empty() { " " (measured.window) } }
        @for statement in &measured.statements { pre tabindex="0" { code { (statement) } } }
        @if !measured.parts.is_empty() {
            p { "Its parts:" }
            ul.plain { @for part in &measured.parts { li { code { (part) } } } }
        }
        @if !measured.events.is_empty() {
            p { "Its events:" }
            ul.plain { @for event in &measured.events { li { code { (event) } } } }
        }
    }
}
