//! `explain`: what an expression would cost.

use super::super::CliError;
use super::super::explain::explained;
use super::super::setup::{Patience, Setup};
use super::answer::Answer;
use crate::definition::MetricDefinition;
use crate::source::database::{Interrupt, StatementLog};

/// The plan, index and predicted time of each statement; nothing is counted.
pub(super) async fn explain(
    setup: &Setup,
    definition: &MetricDefinition,
    interrupt: &Interrupt,
) -> Result<Answer, CliError> {
    let sources = setup.sources(None, interrupt.clone(), StatementLog::default(), Patience::TryOnce)?;
    let (human, json) = explained(setup, &sources, definition).await?;
    Ok(Answer::Text { human, json })
}
