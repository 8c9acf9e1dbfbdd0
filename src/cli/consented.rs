//! What leaves of a plan: all of it, or under `reporting.consent = "explicit"` what was accepted as it reads now.

use super::CliError;
use super::message::note;
use super::output::counted;
use super::setup::{OnlyArgs, Setup};
use crate::config::ConsentMode;
use crate::report::{Plan, Stand, Standing};
use crate::state::StateStore;

/// A plan of what may leave, and what stays here.
pub(super) struct Consented<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) held: Held,
}

/// Metrics that stay here until they are accepted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    new: usize,
    changed: usize,
}

/// Takes out of the plan what was not accepted, so that it is not even computed.
///
/// # Errors
/// The state store failed.
pub(super) async fn consented<'a>(
    setup: &'a Setup,
    state: &StateStore,
    plan: Plan<'a>,
) -> Result<Consented<'a>, CliError> {
    if setup.config.reporting.consent == ConsentMode::Implicit {
        let held = Held::default();
        return Ok(Consented { plan, held });
    }
    let standing = standing(setup, state).await?;
    Ok(Consented {
        plan: plan.keep(standing.takes()),
        held: Held {
            new: standing.standing(Stand::New).count(),
            changed: standing.standing(Stand::Changed).count(),
        },
    })
}

/// What a run would compute of the plan. The state store is not even opened where nothing needs to be accepted.
///
/// # Errors
/// As [`Consented::plan_to_leave`], or the state store failed.
pub(super) async fn to_leave<'a>(setup: &'a Setup, plan: Plan<'a>) -> Result<Plan<'a>, CliError> {
    match setup.config.reporting.consent {
        ConsentMode::Implicit => Ok(plan),
        ConsentMode::Explicit => consented(setup, &setup.state().await?, plan).await?.plan_to_leave(),
    }
}

/// All that may leave by the configuration, against what was accepted.
pub(super) async fn standing(setup: &Setup, state: &StateStore) -> Result<Standing, CliError> {
    let selection = setup.selection(&OnlyArgs { only: Vec::new() })?;
    let accepted = state.acceptances().await?;
    Ok(Standing::of(&setup.loaded, &setup.context(), &selection, accepted))
}

impl<'a> Consented<'a> {
    /// The plan, where there is something in it that may leave; what stays here is said.
    ///
    /// # Errors
    /// [`CliError::NotConsented`]: an empty payload would say that nothing is used.
    pub(super) fn plan_to_leave(self) -> Result<Plan<'a>, CliError> {
        if let Some(says) = self.held.says() {
            if self.plan.metrics.is_empty() {
                return Err(CliError::NotConsented(says));
            }
            note(&format!("{says}; service-ping consent diff shows them"));
        }
        Ok(self.plan)
    }
}

impl Held {
    /// How many stay here, and why; `None` where all was accepted.
    pub(super) fn says(self) -> Option<String> {
        let metrics = counted(self.new + self.changed, "metric");
        let says = match (self.new, self.changed) {
            (0, 0) => return None,
            (new, 0) => format!("{metrics} held back: {new} not accepted yet"),
            (0, changed) => format!("{metrics} held back: {changed} changed since accepted"),
            (new, changed) => {
                format!("{metrics} held back: {new} not accepted yet, {changed} changed since accepted")
            }
        };
        Some(says)
    }
}
