//! `SettingMetric`: a setting of the instance, from the configuration, the table of settings or the environment.

use serde_json::Value;

use super::typed::typed;
use super::{Context, InstrumentationClass, Request, invalid_options, take_only, text_option};
use crate::definition::{DataSource, ValueType};
use crate::measure::{Failure, Measure, Reading, SettingMeasure, SettingOrigin};

/// `options: {setting: signup_enabled}`, and `from: configuration`, `table` or `environment` to look there alone.
pub(super) struct SettingMetric;

impl InstrumentationClass for SettingMetric {
    fn name(&self) -> &str {
        "SettingMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::System
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["setting", "from"])?;
        let origin = match request.options.get("from") {
            None => SettingOrigin::Anywhere,
            Some(_) => origin(text_option(request.options, "from")?)?,
        };
        Ok(Measure::Setting(SettingMeasure {
            name: text_option(request.options, "setting")?.to_owned(),
            origin,
        }))
    }

    fn shape(&self, reading: Reading, value_type: ValueType) -> Result<Value, Failure> {
        typed(reading.to_json(), value_type)
    }
}

fn origin(from: &str) -> Result<SettingOrigin, Failure> {
    match from {
        "configuration" => Ok(SettingOrigin::Configuration),
        "table" => Ok(SettingOrigin::Table),
        "environment" => Ok(SettingOrigin::Environment),
        other => Err(invalid_options(format!(
            "option \"from\": {other:?} is none of configuration, table, environment"
        ))),
    }
}
