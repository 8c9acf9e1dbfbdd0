//! Where the time goes: the slowest metrics, and each source.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::look::{Look, failed, page};
use super::run::table;
use super::show;
use crate::page::{Bar, Bars, Line, Point};
use crate::server::answer::ApiError;
use crate::server::shared::Shared;
use crate::state::{OutcomeRecord, RunStatus};

const HERE: &str = "/slowest";
const MOST: usize = 25;
const RUNS: u32 = 60;

pub(super) async fn slowest(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    match body(&shared).await {
        Ok(body) => page(&look, StatusCode::OK, HERE, "Slowest", None, &body),
        Err(error) => failed(&look, HERE, &error),
    }
}

async fn body(shared: &Shared) -> Result<Markup, ApiError> {
    let state = &shared.sight.state;
    let runs = state.runs(RUNS).await?;
    let completed: Vec<_> = runs.iter().filter(|run| run.status == RunStatus::Completed).collect();
    let Some(last) = completed.first() else {
        return Ok(html! { h1 { "Slowest" } p.none { "No run has ended yet." } });
    };
    let mut outcomes = state.outcomes(last.id).await?;
    let sources = state.sources(last.id).await?;
    outcomes.sort_by(|one, other| other.elapsed_seconds.total_cmp(&one.elapsed_seconds));
    let metrics: Vec<Bar> = outcomes.iter().take(MOST).map(metric).collect();
    let by_source: Vec<Bar> = sources
        .iter()
        .map(|source| Bar {
            label: source.source.clone(),
            href: None,
            value: source.elapsed_seconds,
            text: show::seconds(source.elapsed_seconds),
        })
        .collect();
    let whole: Vec<Point> = completed
        .iter()
        .rev()
        .map(|run| Point {
            label: show::day(run.recorded_at),
            value: run
                .finished_at
                .map(|end| (end - run.started_at).as_seconds_f64().max(0.0)),
            note: None,
        })
        .collect();
    Ok(html! {
        h1 { "Slowest" }
        p.lead { "Where the time of the run of " (show::time(last.recorded_at)) " went." }
        h2 { "Time by source" }
        (Bars { caption: "Sources of the last run", heads: ["Source", "Time"], bars: &by_source }.draw())
        (table(&sources))
        h2 { "Slowest metrics" }
        p.note { "Metrics that share a pass over a table each have the whole pass's time." }
        (Bars { caption: "The slowest metrics of the last run", heads: ["Metric", "Time"], bars: &metrics }.draw())
        h2 { "Whole runs" }
        (Line { id: "runs", title: "How long runs took, in seconds", unit: "s", points: &whole }.draw())
    })
}

fn metric(outcome: &OutcomeRecord) -> Bar {
    Bar {
        label: outcome.key_path.clone(),
        href: Some(format!("/dictionary/{}", outcome.key_path)),
        value: outcome.elapsed_seconds,
        text: show::seconds(outcome.elapsed_seconds),
    }
}
