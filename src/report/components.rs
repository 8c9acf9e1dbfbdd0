//! The components' lane: each that a measure names is asked once, all of them side by side.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::batch::Taken;
use crate::measure::{Failure, HttpMeasure, Measure, Reading, Reason};
use crate::source::Sources;
use crate::source::database::Statement;

/// The readings of all wanted measures of components, by their indexes.
pub(super) async fn read_components(
    measures: &[(Measure, String)],
    sources: &Sources,
    is_wanted: &dyn Fn(usize) -> bool,
    told: &dyn Fn(usize, &Taken),
) -> Vec<(usize, Taken)> {
    let mut asked: BTreeMap<&str, Vec<(usize, &HttpMeasure)>> = BTreeMap::new();
    for (index, (measure, _)) in measures.iter().enumerate() {
        if let Measure::Http(measure) = measure
            && is_wanted(index)
        {
            asked.entry(&measure.component).or_default().push((index, measure));
        }
    }
    let mut taken = Vec::new();
    for (name, measures) in &mut asked {
        if !sources.components.knows(name) {
            measures.retain(|(index, measure)| match stand_in(measure, sources) {
                Some(reading) => {
                    taken.push((*index, reading));
                    false
                }
                None => true,
            });
        }
    }
    let asked = asked.into_iter().filter(|(_, measures)| !measures.is_empty());
    let answers = asked.map(|(name, measures)| ask(name, measures, sources));
    taken.extend(join_all(answers).await.into_iter().flatten());
    taken.iter().for_each(|(index, taken)| told(*index, taken));
    taken
}

/// What the operator says in place of a component that is not configured.
fn stand_in(measure: &HttpMeasure, sources: &Sources) -> Option<Taken> {
    let said = sources.facts.configured(measure.setting.as_ref()?)?;
    Some(Taken {
        result: Ok(Reading::Value(said.clone())),
        elapsed: Duration::ZERO,
        statements: 0,
        retries: 0,
    })
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
