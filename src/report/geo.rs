//! The primary site's lane: what its secondaries told it.

use std::time::Instant;

use crate::batch::Taken;
use crate::measure::{Measure, Reading};
use crate::source::Sources;

/// The reading of the list of secondaries, with its index, where somebody asks for it and this is a primary.
pub(super) async fn read_geo(
    measures: &[(Measure, String)],
    sources: &Sources,
    is_wanted: &dyn Fn(usize) -> bool,
    told: &dyn Fn(usize, &Taken),
) -> Vec<(usize, Taken)> {
    let Some(nodes) = &sources.geo else {
        return Vec::new();
    };
    let asks = |(index, (measure, _)): &(usize, &(Measure, String))| *measure == Measure::GeoNodes && is_wanted(*index);
    let Some((index, _)) = measures.iter().enumerate().find(asks) else {
        return Vec::new();
    };
    let begun = Instant::now();
    let taken = Taken {
        result: nodes.list(sources.facts.recorded_at).await.map(Reading::Value),
        elapsed: begun.elapsed(),
        statements: 0,
        retries: 0,
    };
    told(index, &taken);
    vec![(index, taken)]
}
