//! `SettingMetric`: one key of the configuration's `[settings]`.

use super::{Context, InstrumentationClass, Request, take_only, text_option};
use crate::definition::DataSource;
use crate::measure::{Failure, Measure};

/// `options: {setting: signup_enabled}`.
pub(super) struct SettingMetric;

impl InstrumentationClass for SettingMetric {
    fn name(&self) -> &str {
        "SettingMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::System
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["setting"])?;
        Ok(Measure::Setting(text_option(request.options, "setting")?.to_owned()))
    }
}
