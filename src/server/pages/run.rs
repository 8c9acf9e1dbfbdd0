//! One run: what it said of each source, what has no value and why.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use uuid::Uuid;

use super::look::{Look, failed, page};
use super::show;
use crate::page::{Crumb, count, wide_table};
use crate::report::has_fallen_back;
use crate::server::answer::ApiError;
use crate::server::shared::Shared;
use crate::state::{OutcomeRecord, Run, SourceRecord};

const HERE: &str = "/";

pub(super) async fn run(State(shared): State<Shared>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    match body(&shared, &id).await {
        Ok((title, body)) => {
            let above = Crumb {
                href: "/".to_owned(),
                name: "Overview".to_owned(),
            };
            page(&look, StatusCode::OK, HERE, &title, Some(&above), &body)
        }
        Err(error) => failed(&look, HERE, &error),
    }
}

async fn body(shared: &Shared, id: &str) -> Result<(String, Markup), ApiError> {
    let run = found(shared, id).await?;
    let outcomes = shared.sight.state.outcomes(run.id).await?;
    let sources = shared.sight.state.sources(run.id).await?;
    let title = format!("Run of {}", show::day(run.recorded_at));
    let with_reason = outcomes.iter().filter(|outcome| outcome.reason.is_some());
    let (failed, remarked): (Vec<&OutcomeRecord>, Vec<_>) = with_reason.partition(|outcome| has_fallen_back(outcome));
    let body = html! {
        h1 { (title) }
        dl.facts {
            div { dt { "Recorded at" } dd { (show::time(run.recorded_at)) } }
            div { dt { "Ended" } dd { (show::status(&run)) @if let Some(message) = &run.message { p.note { (message) } } } }
            div { dt { "Metrics" } dd { (count(outcomes.len() as u64)) } }
            div { dt { "Without their own value" } dd { (count(failed.len() as u64)) } }
            div.long { dt { "Id" } dd { code { (run.id) } } }
        }
        h2 { "Sources" }
        (table(&sources))
        h2 { "Without their own value" }
        @if failed.is_empty() { p.good { "None: every metric has its own value." } } @else {
            (reasons("Metrics that fell back", &failed))
        }
        @if !remarked.is_empty() {
            h2 { "With a value that is not exact" }
            (reasons("Metrics whose value is not exact", &remarked))
        }
    };
    Ok((title, body))
}

async fn found(shared: &Shared, id: &str) -> Result<Run, ApiError> {
    let missing = || ApiError::not_found("there is no such run, or it is no longer kept");
    let id: Uuid = id.parse().map_err(|_| missing())?;
    let runs = shared.sight.state.runs(u32::MAX).await?;
    runs.into_iter().find(|run| run.id == id).ok_or_else(missing)
}

pub(super) fn table(sources: &[SourceRecord]) -> Markup {
    html! {
        @if sources.is_empty() { p.none { "Nothing is kept of the sources of this run." } } @else {
            (wide_table("What each source was asked", &html! {
                thead { tr {
                    th scope="col" { "Source" } th scope="col" { "Reached" } th.number scope="col" { "Took" }
                    th.number scope="col" { "Statements" } th.number scope="col" { "Readings" }
                    th.number scope="col" { "Failed" }
                } }
                tbody {
                    @for source in sources {
                        tr {
                            th scope="row" { code { (source.source) } }
                            td { @if source.is_up { span.tag.good { "yes" } } @else { span.tag.bad { "no" } } }
                            td.number { (show::seconds(source.elapsed_seconds)) }
                            td.number { (source.statements) }
                            td.number { (source.readings) }
                            td.number { (source.failed) }
                        }
                    }
                }
            }))
        }
    }
}

fn reasons(caption: &str, outcomes: &[&OutcomeRecord]) -> Markup {
    let rows = html! {
        thead { tr { th scope="col" { "Metric" } th.number scope="col" { "Value" } th scope="col" { "Reason" } } }
        tbody {
            @for outcome in outcomes {
                tr {
                    th scope="row" { a href={ "/dictionary/" (outcome.key_path) } { code { (outcome.key_path) } } }
                    td.number { (show::value(&outcome.value)) }
                    td { (show::reason(outcome)) }
                }
            }
        }
    };
    wide_table(caption, &rows)
}
