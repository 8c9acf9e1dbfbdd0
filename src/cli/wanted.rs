//! The one metric that a verb is about: a key path, or a class by its name.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::CliError;
use super::setup::Setup;
use crate::definition::{MetricDefinition, TimeFrame, nearest};

/// How many names are offered in place of an unknown one.
const OFFERED: usize = 3;

#[derive(Debug, Clone, Args)]
pub(super) struct WantedArgs {
    /// A key path such as counts.issues, or the name of an instrumentation class
    #[arg(value_name = "KEY_OR_CLASS")]
    pub(super) name: String,
    /// The time to look back over, instead of the definition's [default for a class: all]
    #[arg(long, value_enum)]
    time_frame: Option<Frame>,
    /// An option of the class, such as type=jira; values are read as YAML
    #[arg(long, value_name = "K=V")]
    option: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Frame {
    #[value(name = "7d")]
    SevenDays,
    #[value(name = "28d")]
    TwentyEightDays,
    All,
    None,
}

impl WantedArgs {
    pub(super) fn says_time_frame(&self) -> bool {
        self.time_frame.is_some()
    }

    /// The definition of a key path, or one made up for a class, changed as the arguments say.
    pub(super) fn definition(&self, setup: &Setup) -> Result<MetricDefinition, CliError> {
        let mut definition = named(setup, &self.name)?;
        if let Some(frame) = self.time_frame {
            definition.time_frame = frame.into();
        }
        for option in &self.option {
            let usage = || CliError::Usage(format!("--option {option:?} is not of the form key=value"));
            let (key, value) = option.split_once('=').ok_or_else(usage)?;
            let value: Value = serde_yaml::from_str(value).map_err(|_| usage())?;
            definition.options.insert(key.to_owned(), value);
        }
        Ok(definition)
    }
}

/// The definition of a key path, or one made up for a class.
///
/// # Errors
/// Neither is known: the nearest three names are offered.
pub(super) fn named(setup: &Setup, name: &str) -> Result<MetricDefinition, CliError> {
    if let Some(definition) = setup.loaded.catalog.metric(name) {
        return Ok(definition.clone());
    }
    if setup.registry.class(name, &setup.loaded.catalog).is_none() {
        return Err(CliError::Usage(unknown(setup, name)));
    }
    MetricDefinition::of_class(name).ok_or_else(|| CliError::Usage("the name is empty".to_owned()))
}

/// Every name that a metric can be asked for by.
pub(super) fn names(setup: &Setup) -> impl Iterator<Item = &str> {
    let catalog = &setup.loaded.catalog;
    let metrics = catalog.metrics.iter().map(|metric| metric.key_path.as_str());
    metrics
        .chain(catalog.classes.keys().map(String::as_str))
        .chain(setup.registry.names())
}

fn unknown(setup: &Setup, name: &str) -> String {
    let nearest = nearest(name, names(setup), OFFERED);
    match nearest.split_last() {
        None => format!("there is no metric or class {name:?}"),
        Some((only, [])) => format!("there is no metric or class {name:?}; did you mean {only:?}?"),
        Some((last, others)) => {
            let others: Vec<String> = others.iter().map(|other| format!("{other:?}")).collect();
            let others = others.join(", ");
            format!("there is no metric or class {name:?}; did you mean {others} or {last:?}?")
        }
    }
}

impl From<Frame> for TimeFrame {
    fn from(frame: Frame) -> TimeFrame {
        match frame {
            Frame::SevenDays => TimeFrame::SevenDays,
            Frame::TwentyEightDays => TimeFrame::TwentyEightDays,
            Frame::All => TimeFrame::All,
            Frame::None => TimeFrame::None,
        }
    }
}
