//! What is known without asking a server: the instance's identity, its licence and its configured settings.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::license::License;
use crate::measure::{Fact, Failure, LicenseAttribute, Reason, SettingMeasure, SettingOrigin};

/// The identity and settings of the instance, for one run.
#[derive(Debug, Clone)]
pub struct Facts {
    pub uuid: Option<String>,
    pub hostname: Option<String>,
    pub version: Option<String>,
    pub installation_type: Option<String>,
    pub edition: Option<String>,
    /// The one instant of the run: windows end before it, and the payload carries it.
    pub recorded_at: DateTime<Utc>,
    /// `[settings]` of the configuration.
    pub settings: BTreeMap<String, Value>,
    /// The table of settings, if there is one.
    pub settings_table: Option<SettingsTable>,
    /// The variables of the environment that metrics may read, those that are set.
    pub variables: BTreeMap<String, String>,
    /// `None` where no licence is configured; the failure of one that does not hold.
    pub license: Option<Result<License, Failure>>,
}

/// A table of the instance with one row that counts, its last, and a column for each setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsTable {
    /// The name under `[database.*]`.
    pub database: String,
    /// The table's name, after a schema and a dot if need be.
    pub table: String,
}

impl Facts {
    /// Nothing is known but the run's instant.
    pub fn at(recorded_at: DateTime<Utc>) -> Facts {
        Facts {
            uuid: None,
            hostname: None,
            version: None,
            installation_type: None,
            edition: None,
            recorded_at,
            settings: BTreeMap::new(),
            settings_table: None,
            variables: BTreeMap::new(),
            license: None,
        }
    }

    /// # Errors
    /// `missing_fact` where the configuration does not say.
    pub fn fact(&self, fact: Fact) -> Result<Value, Failure> {
        let (name, value) = match fact {
            Fact::Uuid => ("uuid", &self.uuid),
            Fact::Hostname => ("hostname", &self.hostname),
            Fact::Version => ("version", &self.version),
            Fact::InstallationType => ("installation_type", &self.installation_type),
            Fact::Edition => ("edition", &self.edition),
            Fact::RecordedAt => return Ok(Value::from(iso8601(self.recorded_at))),
        };
        let missing = || Failure::new(Reason::MissingFact, format!("[instance] has no {name}"));
        value.clone().map(Value::from).ok_or_else(missing)
    }

    /// What `[settings]` says of a name; dots lead into its tables.
    pub fn configured(&self, name: &str) -> Option<&Value> {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let inner = || {
            rest.split('.')
                .try_fold(self.settings.get(first)?, |value, part| value.get(part))
        };
        self.settings.get(name).or_else(inner)
    }

    /// The table that a setting is read from, unless the configuration says what it is.
    pub fn table_of(&self, setting: &SettingMeasure) -> Option<&SettingsTable> {
        let is_there = match setting.origin {
            SettingOrigin::Anywhere => self.configured(&setting.name).is_none(),
            SettingOrigin::Table => true,
            SettingOrigin::Configuration | SettingOrigin::Environment => false,
        };
        self.settings_table.as_ref().filter(|_| is_there)
    }

    /// A setting that no table is asked for.
    ///
    /// # Errors
    /// `missing_setting` where `[settings]` has no such key, or the environment no such variable;
    /// `source_not_configured` for a variable that may not be read, and where there is no table.
    pub fn setting(&self, setting: &SettingMeasure) -> Result<Value, Failure> {
        let name = &setting.name;
        let not_configured = |says: String| Failure::new(Reason::SourceNotConfigured, says);
        let missing = |says: String| Failure::new(Reason::MissingSetting, says);
        match setting.origin {
            SettingOrigin::Table => Err(not_configured("[setting_sources] names no table".to_owned())),
            SettingOrigin::Environment => {
                let value = self.variables.get(name).map(|value| Value::from(value.as_str()));
                value.ok_or_else(|| {
                    missing(format!(
                        "variables of [setting_sources] does not name {name}, or it is not set"
                    ))
                })
            }
            SettingOrigin::Anywhere | SettingOrigin::Configuration => {
                let value = self.configured(name).cloned();
                value.ok_or_else(|| missing(format!("[settings] has no key {name:?}")))
            }
        }
    }

    /// An attribute of the licence; null where there is none.
    ///
    /// # Errors
    /// Why the licence does not hold.
    pub fn license(&self, attribute: LicenseAttribute) -> Result<Value, Failure> {
        match &self.license {
            None => Ok(Value::Null),
            Some(Ok(license)) => Ok(license.attribute(attribute)),
            Some(Err(failure)) => Err(failure.clone()),
        }
    }
}

/// ISO 8601 in UTC with milliseconds, the spelling of `recorded_at`.
pub fn iso8601(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
