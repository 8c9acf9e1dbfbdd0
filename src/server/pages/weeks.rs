//! Week against week: what changed between two runs.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use maud::{Markup, html};

use super::look::{Look, failed, page};
use super::payload::parameter;
use super::show;
use crate::page::wide_table;
use crate::report::{Change, Difference, difference};
use crate::server::answer::ApiError;
use crate::server::shared::Shared;
use crate::state::{OutcomeRecord, Run, RunStatus};

const HERE: &str = "/weeks";
const FACTOR: f64 = 2.0;
const RUNS: u32 = 60;

pub(super) async fn weeks(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    match body(&shared, &parts).await {
        Ok(body) => page(&look, StatusCode::OK, HERE, "Week against week", None, &body),
        Err(error) => failed(&look, HERE, &error),
    }
}

async fn body(shared: &Shared, parts: &Parts) -> Result<Markup, ApiError> {
    let state = &shared.sight.state;
    let runs = state.runs(RUNS).await?;
    let runs: Vec<&Run> = runs.iter().filter(|run| run.status == RunStatus::Completed).collect();
    let (Some(last), Some(before)) = (runs.first(), runs.get(1)) else {
        return Ok(
            html! { h1 { "Week against week" } p.none { "Two runs must have ended before they can be compared." } },
        );
    };
    let from = chosen(&runs, parts, "from").unwrap_or(before);
    let to = chosen(&runs, parts, "to").unwrap_or(last);
    let factor = parameter(parts, "factor").and_then(|factor| factor.parse().ok());
    let factor = factor
        .filter(|factor: &f64| factor.is_finite() && *factor >= 1.0)
        .unwrap_or(FACTOR);
    let difference = difference(&state.outcomes(from.id).await?, &state.outcomes(to.id).await?, factor);
    Ok(html! {
        h1 { "Week against week" }
        p.lead { "From " (show::time(from.recorded_at)) " to " (show::time(to.recorded_at)) "." }
        form.row method="get" action="/weeks" {
            label { "From" (select("from", &runs, from)) }
            label { "To" (select("to", &runs, to)) }
            label { "Changed by more than a factor of" input type="number" name="factor" min="1" step="0.1" value=(factor); }
            button { "Compare" }
        }
        @if from.definitions_digest != to.definitions_digest { p.warn { "The definitions changed between them." } }
        (parts_of(&difference))
        p.note { "Alike: " (difference.alike) ". Without a value in both: " (difference.still_failing) "." }
    })
}

fn chosen<'a>(runs: &[&'a Run], parts: &Parts, name: &str) -> Option<&'a Run> {
    let id = parameter(parts, name)?;
    runs.iter().find(|run| run.id.to_string() == id).copied()
}

fn select(name: &str, runs: &[&Run], here: &Run) -> Markup {
    html! { select name=(name) {
        @for run in runs { option value=(run.id) selected[run.id == here.id] { (run.recorded_at.format("%Y-%m-%d %H:%M")) } }
    } }
}

fn parts_of(difference: &Difference) -> Markup {
    let pair = |(then, now): &(OutcomeRecord, OutcomeRecord)| {
        let reason = now.reason.clone().or_else(|| then.reason.clone());
        row(
            &now.key_path,
            &show::value(&then.value),
            &show::value(&now.value),
            reason.as_deref().unwrap_or_default(),
        )
    };
    let single = |before: bool| {
        move |one: &OutcomeRecord| {
            let value = show::value(&one.value);
            let (then, now) = if before {
                (value.as_str(), "")
            } else {
                ("", value.as_str())
            };
            row(&one.key_path, then, now, "")
        }
    };
    html! {
        @if difference.is_empty() { p.good { "Nothing changed by more than the factor." } }
        (section("Newly failing", &difference.failing, pair))
        (section("Has a value again", &difference.recovered, pair))
        (section("Changed", &difference.changed, changed))
        (section("New", &difference.new, single(false)))
        (section("Gone", &difference.gone, single(true)))
    }
}

fn section<T>(heading: &str, all: &[T], row: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @if !all.is_empty() {
            h2 { (heading) ": " (all.len()) }
            (wide_table(heading, &html! {
                thead { tr { th scope="col" { "Metric" } th.number scope="col" { "Then" } th.number scope="col" { "Now" } th scope="col" { "Remark" } } }
                tbody { @for one in all { (row(one)) } }
            }))
        }
    }
}

fn changed(change: &Change) -> Markup {
    let says = if change.factor.is_finite() {
        format!("{:.1} times", change.factor)
    } else {
        String::new()
    };
    let place = if change.within.is_empty() {
        String::new()
    } else {
        format!(" {}", change.within)
    };
    row(
        &change.key_path,
        &show::value(&change.before),
        &show::value(&change.after),
        &format!("{says}{place}"),
    )
}

fn row(key_path: &str, then: &str, now: &str, says: &str) -> Markup {
    html! { tr {
        th scope="row" { a href={ "/dictionary/" (key_path) } { code { (key_path) } } }
        td.number { (then) } td.number { (now) } td { (says) }
    } }
}
