//! What the product's own database says of reporting, and what follows from it.

use chrono::{DateTime, Utc};

use super::allowed::{is_to_be_asked, reporting_allowed};
use crate::config::{ProductQueries, Reporting};
use crate::source::database::{DatabaseError, Session};

/// What the product says, as far as it has to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductWord {
    /// Whether `enabled` and the product's own switch are both on.
    pub setting: bool,
    /// Whether the licence agrees to operational metrics; where the setting is on, it is not asked.
    pub licence_has_operational_metrics: bool,
    /// Whether there is a single user to be asked, and no licence.
    pub single_user: bool,
}

impl ProductWord {
    /// What is known without asking, where nothing has to be asked.
    pub fn unasked(reporting: &Reporting) -> Option<ProductWord> {
        let ProductQueries {
            setting,
            single_user,
            operational_metrics,
            ..
        } = &reporting.product;
        let is_known = match reporting.enabled {
            true => setting.is_none() && single_user.is_none(),
            false => operational_metrics.is_none(),
        };
        is_known.then_some(ProductWord {
            setting: reporting.enabled,
            licence_has_operational_metrics: false,
            single_user: false,
        })
    }

    /// Asks the product's database. What changes nothing is not asked.
    ///
    /// # Errors
    /// The key whose query could not be answered, and why.
    pub async fn ask(
        reporting: &Reporting,
        session: &mut Session,
        now: DateTime<Utc>,
    ) -> Result<ProductWord, (&'static str, DatabaseError)> {
        let product = &reporting.product;
        let setting = match &product.setting {
            Some(query) if reporting.enabled => says_yes(session, "setting", Some(query)).await?,
            _ => reporting.enabled,
        };
        let operational = match setting {
            true => false,
            false => says_yes(session, "operational_metrics", product.operational_metrics.as_ref()).await?,
        };
        let single_user = match &product.single_user {
            Some(query) if setting || operational => {
                let users = session.first_users(query).await;
                let is_asked = is_to_be_asked(&users.map_err(|error| ("single_user", error))?, now);
                is_asked && !says_yes(session, "licensed", product.licensed.as_ref()).await?
            }
            _ => false,
        };
        Ok(ProductWord {
            setting,
            licence_has_operational_metrics: operational,
            single_user,
        })
    }

    /// Whether anything may leave; `answered` says whether the operator has accepted anything.
    pub fn allows(&self, answered: bool) -> bool {
        reporting_allowed(
            self.setting,
            self.licence_has_operational_metrics,
            self.single_user && !answered,
        )
    }
}

async fn says_yes(
    session: &mut Session,
    key: &'static str,
    query: Option<&String>,
) -> Result<bool, (&'static str, DatabaseError)> {
    match query {
        Some(query) => session.says_yes(query).await.map_err(|error| (key, error)),
        None => Ok(false),
    }
}
