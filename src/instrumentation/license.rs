//! `LicenseMetric`: an attribute of the licence, null unless the licence holds now.

use serde_json::{Map, Value};

use super::{Context, InstrumentationClass, Request, invalid_options, take_only, text_option};
use crate::definition::DataSource;
use crate::measure::{Failure, LicenseAttribute, Measure, SettingMeasure};

/// `options: {attribute: user_count}`.
pub(super) struct LicenseMetric;

/// The one attribute that is no licence's but a setting's: trials end without a licence, too.
const TRIAL_ENDS_ON: &str = "trial_ends_on";
const TRIAL_SETTING: &str = "license_trial_ends_on";

impl InstrumentationClass for LicenseMetric {
    fn name(&self) -> &str {
        "LicenseMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::License
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["attribute"])?;
        let name = text_option(request.options, "attribute")?;
        if name == TRIAL_ENDS_ON {
            return Ok(Measure::Setting(SettingMeasure::anywhere(TRIAL_SETTING)));
        }
        let unknown = || {
            let known: Vec<&str> = LicenseAttribute::names().chain([TRIAL_ENDS_ON]).collect();
            invalid_options(format!(
                "option \"attribute\": a licence has no {name:?}; it has {}",
                known.join(", ")
            ))
        };
        LicenseAttribute::of(name).map(Measure::License).ok_or_else(unknown)
    }

    fn fallback(&self, _options: &Map<String, Value>) -> Option<Value> {
        Some(Value::Null)
    }
}
