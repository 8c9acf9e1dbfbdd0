//! The components' lane: each that a measure names is asked once, all of them side by side.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;

use crate::batch::Taken;
use crate::measure::{Failure, HttpMeasure, Measure, Reading, Reason};
use crate::source::Sources;
use crate::source::component::Components;
use crate::source::database::Statement;

/// The readings of all wanted measures of components that are configured, by their indexes; and how many requests they took.
pub(super) async fn read_components(
    measures: &[(Measure, String)],
    sources: &Sources,
    is_wanted: &dyn Fn(usize) -> bool,
    told: &dyn Fn(usize, &Taken),
) -> (Vec<(usize, Taken)>, u64) {
    let mut asked: BTreeMap<&str, Vec<(usize, &HttpMeasure)>> = BTreeMap::new();
    for (index, (measure, _)) in measures.iter().enumerate() {
        if let Measure::Http(measure) = measure
            && is_wanted(index)
            && sources.components.knows(&measure.component)
        {
            asked.entry(&measure.component).or_default().push((index, measure));
        }
    }
    let requests = asked.len() as u64;
    let answers = asked.into_iter().map(|(name, measures)| ask(name, measures, sources));
    let taken: Vec<_> = join_all(answers).await.into_iter().flatten().collect();
    taken.iter().for_each(|(index, taken)| told(*index, taken));
    (taken, requests)
}

/// What the operator says in place of a component that is not configured.
pub(super) fn stand_in(measure: &HttpMeasure, sources: &Sources) -> Result<Reading, Failure> {
    let said = measure.setting.as_ref().and_then(|name| sources.facts.configured(name));
    let said = said.cloned().map(Reading::Value);
    said.ok_or_else(|| Components::not_configured(&measure.component))
}

/// One component's answer, shared out among the measures that ask for a part of it.
async fn ask(name: &str, measures: Vec<(usize, &HttpMeasure)>, sources: &Sources) -> Vec<(usize, Taken)> {
    let begun = Instant::now();
    let mut interrupt = sources.interrupt.clone();
    let answer = tokio::select! {
        answer = sources.components.ask(name) => answer,
        () = interrupt.raised() => Err(Failure::new(Reason::Cancelled, "the run was interrupted")),
    };
    let elapsed = begun.elapsed();
    sources.log.tell(&Statement {
        sql: &format!("GET [components.{name}]"),
        elapsed,
        rows: u64::from(answer.is_ok()),
        error: answer.as_ref().err().map(|failure| failure.message.clone()),
    });
    let part_of = |(index, measure): (usize, &HttpMeasure)| {
        let result = match &answer {
            Ok(answer) => answer.part(name, &measure.part).map(Reading::Value),
            Err(failure) => Err(failure.clone()),
        };
        let taken = Taken {
            result,
            elapsed,
            statements: 1,
            retries: 0,
        };
        (index, taken)
    };
    measures.into_iter().map(part_of).collect()
}
