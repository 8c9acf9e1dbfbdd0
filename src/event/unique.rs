//! Unique values over a range of days (spec 6.4).

use crate::keyspace::{EventError, Keyspace, UniqueQuestion};
use crate::measure::Failure;
use crate::relation::Window;
use crate::sketch::Estimate;
use crate::source::event_store::{EventStore, Union, UnionAnswer, Unions};

/// How many different values events were tracked with.
#[derive(Debug, Clone, PartialEq)]
pub struct UniqueCount {
    /// To the unit what PFCOUNT answers for the keys.
    pub count: u64,
    /// How far the truth lies from it at most, in values, in at least 99 of 100 cases.
    pub bound: f64,
    pub keys: Vec<String>,
    /// The instants that the keys cover.
    pub window: Window,
}

/// Why unique values could not be counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UniqueError {
    /// The question makes no sense; the store was not asked.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] Failure),
}

/// Counts the different values that the events were tracked with in the range: of daily events every day from start to end,
/// of weekly ones the whole weeks that have passed.
///
/// # Errors
/// See [`UniqueError`].
pub async fn unique_events(
    store: &dyn EventStore,
    keyspace: &Keyspace,
    question: &UniqueQuestion<'_>,
) -> Result<UniqueCount, UniqueError> {
    let (keys, window) = keyspace.unique_keys(question)?;
    let ask = Unions {
        unions: vec![Union {
            keys: (0..keys.len()).collect(),
            wants_sketch: false,
        }],
        keys,
    };
    let answer = store.unions(&ask).await.into_iter().next();
    let count = match answer {
        Some(answer) => match answer? {
            UnionAnswer::Count(count) => count,
            UnionAnswer::Sketch(sketch) => sketch.count(),
        },
        None => 0,
    };
    Ok(UniqueCount {
        count,
        bound: Estimate::of_count(count).bound,
        keys: ask.keys,
        window,
    })
}
