//! The first page: how the last runs went, what is next, what waits, what failed and why.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::look::{Look, failed, page};
use super::show;
use crate::page::{bytes, count, wide_table};
use crate::report::has_fallen_back;
use crate::schedule::Decision;
use crate::server::answer::ApiError;
use crate::server::shared::Shared;
use crate::state::{OutboxTotals, OutcomeRecord, RunStatus, RunSummary};

const HERE: &str = "/";
const RUNS: u32 = 12;
/// Metrics that are named with each reason.
const NAMED: usize = 5;

pub(super) async fn overview(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    match body(&shared).await {
        Ok(body) => page(&look, StatusCode::OK, HERE, "Overview", None, &body),
        Err(error) => failed(&look, HERE, &error),
    }
}

async fn body(shared: &Shared) -> Result<Markup, ApiError> {
    let now = Utc::now();
    let state = &shared.sight.state;
    let runs = state.run_summaries(RUNS).await?;
    let totals = state.outbox_totals().await?;
    let next = next_run(shared, now).await?;
    let ended = runs.iter().find(|run| run.run.status == RunStatus::Completed);
    let outcomes = match ended {
        Some(ended) => state.outcomes(ended.run.id).await?,
        None => Vec::new(),
    };
    Ok(html! {
        h1 { "Overview" }
        (facts(&runs, &totals, next, now))
        h2 { "What failed, and why" }
        (failures(&outcomes))
        h2 { "Runs" }
        (table(&runs))
    })
}

async fn next_run(shared: &Shared, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, ApiError> {
    let Some(schedule) = &shared.sight.schedule else {
        return Ok(None);
    };
    let kept = shared.sight.state.schedule().await?;
    let record = kept.map_or_else(|| schedule.begin(now), |kept| kept.record);
    Ok(Some(match schedule.decide(&record, now) {
        Decision::Wait(until) => until,
        Decision::Run(_) => now,
    }))
}

fn facts(runs: &[RunSummary], totals: &OutboxTotals, next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Markup {
    let waiting = u64::try_from(totals.waiting).unwrap_or_default();
    let size = u64::try_from(totals.waiting_bytes).unwrap_or_default();
    html! {
        dl.facts {
            div { dt { "Last run" } dd {
                @match runs.first() {
                    Some(last) => { (show::time(last.run.recorded_at)) " " (show::status(&last.run)) },
                    None => "none yet",
                }
            } }
            div { dt { "Next run" } dd {
                @match next {
                    Some(next) if next <= now => "due now",
                    Some(next) => { (show::time(next)) " (in " (show::distance(now, next)) ")" },
                    None => "not scheduled here",
                }
            } }
            div { dt { "Waits to be sent" } dd {
                @if waiting == 0 { "nothing" } @else { (count(waiting)) (if waiting == 1 { " payload, " } else { " payloads, " }) (bytes(size)) }
                @if let Some(since) = totals.waiting_since { ", since " (show::distance(since, now)) }
            } }
            div { dt { "Last delivery" } dd {
                @match totals.last_sent_at {
                    Some(at) => (show::time(at)),
                    None => "none yet",
                }
            } }
        }
    }
}

/// Each reason once, the most frequent first, with what to do.
fn failures(outcomes: &[OutcomeRecord]) -> Markup {
    let mut by_reason: BTreeMap<&str, Vec<&OutcomeRecord>> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| has_fallen_back(outcome)) {
        by_reason
            .entry(outcome.reason.as_deref().unwrap_or("unknown"))
            .or_default()
            .push(outcome);
    }
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by_key(|(_, outcomes)| std::cmp::Reverse(outcomes.len()));
    html! {
        @if outcomes.is_empty() {
            p.none { "No run has ended yet: " code { "service-ping run" } " makes the first." }
        } @else if reasons.is_empty() {
            p.good { "Every metric of the last run has its own value: " (outcomes.len()) " of them." }
        } @else {
            @for (reason, outcomes) in &reasons {
                section.panel aria-label=(reason) {
                    p { span.tag.bad { (reason) } " " (outcomes.len()) @if outcomes.len() == 1 { " metric" } @else { " metrics" } }
                    @if let Some(advice) = show::advice(reason) { p.note { (advice) } }
                    ul.plain {
                        @for outcome in outcomes.iter().take(NAMED) {
                            li {
                                a href={ "/dictionary/" (outcome.key_path) } { code { (outcome.key_path) } }
                                @if let Some(message) = &outcome.message { p.note { (message) } }
                            }
                        }
                        @if outcomes.len() > NAMED { li { "and " (outcomes.len() - NAMED) " more" } }
                    }
                }
            }
        }
    }
}

fn table(runs: &[RunSummary]) -> Markup {
    html! {
        @if runs.is_empty() { p.none { "No run yet." } } @else {
            (wide_table("The newest runs", &html! {
                thead { tr {
                    th scope="col" { "Recorded at" } th scope="col" { "Ended" } th scope="col" { "By" }
                    th.number scope="col" { "Took" } th.number scope="col" { "Metrics" }
                    th.number scope="col" { "With a reason" } th scope="col" { "Payload" }
                } }
                tbody {
                    @for summary in runs {
                        @let run = &summary.run;
                        tr {
                            th scope="row" { a href={ "/runs/" (run.id) } { (show::time(run.recorded_at)) } }
                            td { (show::status(run)) }
                            td { (run.trigger) }
                            td.number { @if let Some(end) = run.finished_at {
                                (show::seconds((end - run.started_at).as_seconds_f64().max(0.0)))
                            } }
                            td.number { (count(summary.metrics)) }
                            td.number { (count(summary.with_reason)) }
                            td {
                                (show::delivery(summary.delivery))
                                @if let Some(why) = &summary.delivery_error { p.note { (why) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}
