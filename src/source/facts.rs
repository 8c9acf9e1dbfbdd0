//! What is known without asking a server: the instance's identity and its configured settings.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use crate::measure::{Fact, Failure, Reason};

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
}

impl Facts {
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

    /// # Errors
    /// `missing_setting` where `[settings]` has no such key.
    pub fn setting(&self, name: &str) -> Result<Value, Failure> {
        let missing = || Failure::new(Reason::MissingSetting, format!("[settings] has no key {name:?}"));
        self.settings.get(name).cloned().ok_or_else(missing)
    }
}

/// ISO 8601 in UTC with milliseconds, the spelling of `recorded_at`.
pub fn iso8601(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
