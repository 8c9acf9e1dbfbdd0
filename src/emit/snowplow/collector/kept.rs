//! What a collector has kept, and the questions that Micro answers.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::event::{BadRow, GoodEvent};

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub total: u64,
    pub good: u64,
    pub bad: u64,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Filter {
    pub event_type: Option<String>,
    pub schema: Option<String>,
    /// All of which must be attached.
    pub contexts: Vec<String>,
    pub limit: Option<usize>,
}

/// The newest events and bad rows; all are counted.
#[derive(Debug)]
pub struct Kept {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    good: VecDeque<GoodEvent>,
    bad: VecDeque<BadRow>,
    totals: Totals,
}

impl Kept {
    /// Keeps so many of either kind.
    pub fn new(most: usize) -> Kept {
        Kept {
            most,
            state: Mutex::new(State::default()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn keep(&self, judged: Vec<Result<GoodEvent, BadRow>>) {
        let mut state = self.state();
        for one in judged {
            state.totals.total += 1;
            match one {
                Ok(event) => {
                    state.totals.good += 1;
                    push(&mut state.good, event, self.most);
                }
                Err(row) => {
                    state.totals.bad += 1;
                    push(&mut state.bad, row, self.most);
                }
            }
        }
    }

    pub fn totals(&self) -> Totals {
        self.state().totals
    }

    /// The events that are wanted, in the order in which they came.
    pub fn good(&self, filter: &Filter) -> Vec<GoodEvent> {
        let state = self.state();
        let wanted = state.good.iter().filter(|event| filter.wants(event));
        wanted.take(filter.limit.unwrap_or(usize::MAX)).cloned().collect()
    }

    pub fn bad(&self) -> Vec<BadRow> {
        self.state().bad.iter().cloned().collect()
    }

    /// Forgets all of it.
    pub fn reset(&self) {
        *self.state() = State::default();
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    queue.push_back(item);
    if queue.len() > most {
        queue.pop_front();
    }
}

impl Filter {
    fn wants(&self, event: &GoodEvent) -> bool {
        let is = |wanted: &Option<String>, found: Option<&String>| wanted.is_none() || wanted.as_ref() == found;
        is(&self.event_type, Some(&event.event_type))
            && is(&self.schema, event.schema.as_ref())
            && self.contexts.iter().all(|context| event.contexts.contains(context))
    }
}
