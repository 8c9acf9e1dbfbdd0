//! Measures to plan, plan to readings, readings to outcomes, outcomes to payload.
//!
//! A metric can never end a run: each ends as exactly one [`Outcome`]. A value enters a payload only through one.

mod collect;
mod components;
mod consent;
mod difference;
mod disclosure;
mod events;
mod geo;
mod journal;
mod kept_reading;
mod outcome;
mod payload;
mod plan;
mod prometheus;
mod read;
mod source_read;
mod statements;
mod survey;
mod trace;
mod waiting;
mod weekly;

pub use collect::{Collection, Waited, collect};
pub use consent::{ProductWord, Stand, Standing, Subject, Terms, set_digest};
pub use difference::{Change, Difference, difference, has_fallen_back};
pub use outcome::{Outcome, OutcomeState};
pub use payload::{metadata, nested, payload};
pub use plan::{Plan, PlannedMetric, Selection, plan, plan_one};
pub use read::{NoProgress, Progress};
pub use source_read::SourceRead;
pub use statements::{Statements, statements};
pub use survey::{DatabaseSurvey, Surveyed, survey};
pub use trace::RunTrace;
pub use weekly::{Delivered, Destination, Job, Resumed, RunReport, run};
