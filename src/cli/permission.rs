//! Whether anything leaves: by the operator's word, and by the product's where the configuration has it asked.

use chrono::{DateTime, Utc};

use super::setup::{Patience, options};
use super::{CliError, message};
use crate::config::{Config, Reporting};
use crate::report::ProductWord;
use crate::source::database::{Database, DatabaseError, Interrupt, StatementLog};
use crate::state::StateStore;

/// What may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Permission {
    /// Why nothing does.
    pub(super) refusal: Option<Refusal>,
    /// Whether metrics of the category `optional` may.
    pub(super) with_optional: bool,
}

/// Why nothing leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Disabled,
    /// The product's own switch is off.
    Setting,
    DoNotTrack,
    /// A single user is to be asked first.
    NotAnswered,
}

impl Refusal {
    /// The reason, as the setting that would allow it.
    pub(super) fn says(self) -> &'static str {
        match self {
            Refusal::Disabled => "reporting.enabled is false",
            Refusal::Setting => "the product's own setting is off (reporting.setting)",
            Refusal::DoNotTrack => "DO_NOT_TRACK is set",
            Refusal::NotAnswered => "the only user of this instance has not answered yet",
        }
    }

    /// Whether nothing is even measured: whoever was not asked yet, or is silent, may want to see what there is.
    pub(super) fn is_off(self) -> bool {
        matches!(self, Refusal::Disabled | Refusal::Setting)
    }

    /// Says what can be done about it, where that is an answer.
    pub(super) fn note_next(self) {
        if self == Refusal::NotAnswered {
            message::note("next: service-ping preview shows what would leave;");
            message::note(
                "service-ping consent accept --all says yes, and enabled = false in [reporting] of the configuration no",
            );
        }
    }
}

impl Permission {
    /// What the configuration alone allows.
    pub(super) fn of_config(reporting: &Reporting) -> Permission {
        let refusal = match (reporting.enabled, reporting.do_not_track) {
            (false, _) => Some(Refusal::Disabled),
            (true, true) => Some(Refusal::DoNotTrack),
            (true, false) => None,
        };
        Permission {
            refusal,
            with_optional: true,
        }
    }

    /// As [`Permission::ask`], once and for nobody who could interrupt: each statement is short, or runs into its timeout.
    pub(super) async fn ask_once(config: &Config, now: DateTime<Utc>) -> Result<Permission, CliError> {
        let (_switch, interrupt) = Interrupt::channel();
        Permission::ask(config, now, Patience::TryOnce, &interrupt).await
    }

    /// What the configuration allows, and the product.
    ///
    /// # Errors
    /// The product could not be asked, or gave no answer: then nothing leaves. The state store failed.
    pub(super) async fn ask(
        config: &Config,
        now: DateTime<Utc>,
        patience: Patience,
        interrupt: &Interrupt,
    ) -> Result<Permission, CliError> {
        let reporting = &config.reporting;
        let permission = Permission::of_config(reporting);
        if reporting.do_not_track || ProductWord::unasked(reporting).is_some() {
            return Ok(permission);
        }
        let word = product_word(config, now, patience, interrupt).await?;
        let is_answered = !word.single_user || is_answered(config).await?;
        let refusal = match (word.allows(is_answered), is_answered, reporting.enabled) {
            (true, ..) => None,
            (false, false, _) => Some(Refusal::NotAnswered),
            (false, true, true) => Some(Refusal::Setting),
            (false, true, false) => Some(Refusal::Disabled),
        };
        Ok(Permission {
            refusal,
            with_optional: word.setting,
        })
    }
}

async fn product_word(
    config: &Config,
    now: DateTime<Utc>,
    patience: Patience,
    interrupt: &Interrupt,
) -> Result<ProductWord, CliError> {
    let name = &config.reporting.product.database;
    let configured = config.databases.get(name);
    let configured = configured.ok_or_else(|| CliError::NoProductDatabase(name.clone()))?;
    let database = Database::new(options(name, configured))?;
    let log = StatementLog::default();
    let session = match patience {
        Patience::Wait => database.open_patiently(interrupt, log).await,
        Patience::TryOnce => database.open(interrupt, log).await,
    };
    let mut session = session.map_err(|error| match error {
        DatabaseError::Interrupted => CliError::Interrupted,
        away => CliError::unreachable(config, name, &away.to_string()),
    })?;
    let word = ProductWord::ask(&config.reporting, &mut session, now).await;
    session.close().await;
    word.map_err(|(key, error)| CliError::NoProductWord {
        key,
        is_refused: matches!(error, DatabaseError::Refused { .. }),
        message: error.to_string(),
    })
}

/// Whether the operator has accepted anything, and not taken all of it back.
async fn is_answered(config: &Config) -> Result<bool, CliError> {
    let state = StateStore::open(config.state.url.expose()).await?;
    let accepted = state.acceptances().await?;
    state.close().await;
    Ok(!accepted.is_empty())
}
