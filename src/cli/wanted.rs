//! The one metric that a verb is about: a key path, or a class by its name.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::CliError;
use super::setup::Setup;
use crate::definition::{MetricDefinition, TimeFrame, nearest};

#[derive(Debug, Clone, Args)]
pub(super) struct WantedArgs {
    /// A key path such as counts.issues, or the name of an instrumentation class
    #[arg(value_name = "KEY_OR_CLASS")]
    pub(super) name: String,
    /// The time to look back over, instead of the definition's [default for a class: all, of events 28d]
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
    /// A key path or class as it stands.
    pub(super) fn named(name: &str) -> WantedArgs {
        WantedArgs {
            name: name.to_owned(),
            time_frame: None,
            option: Vec::new(),
        }
    }

    pub(super) fn says_time_frame(&self) -> bool {
        self.time_frame.is_some()
    }

    /// The definition of a key path, or one made up for a class, changed as the arguments say.
    pub(super) fn definition(&self, setup: &Setup) -> Result<MetricDefinition, CliError> {
        let mut options = Map::new();
        for option in &self.option {
            let usage = || CliError::Usage(format!("--option {option:?} is not of the form key=value"));
            let (key, value) = option.split_once('=').ok_or_else(usage)?;
            let value: Value = serde_yaml::from_str(value).map_err(|_| usage())?;
            options.insert(key.to_owned(), value);
        }
        asked(setup, &self.name, self.time_frame.map(TimeFrame::from), options)
    }
}

/// The definition of a key path, or one made up for a class, changed as a person asks.
///
/// # Errors
/// As [`named`].
pub(super) fn asked(
    setup: &Setup,
    name: &str,
    time_frame: Option<TimeFrame>,
    options: Map<String, Value>,
) -> Result<MetricDefinition, CliError> {
    let mut definition = named(setup, name)?;
    definition.time_frame = time_frame.unwrap_or(definition.time_frame);
    definition.options.extend(options);
    Ok(definition)
}

/// The definition of a key path, or one made up for a class.
///
/// # Errors
/// Neither is known: the nearest three names are offered.
pub(super) fn named(setup: &Setup, name: &str) -> Result<MetricDefinition, CliError> {
    if let Some(definition) = setup.loaded.catalog.metric(name) {
        return Ok(definition.clone());
    }
    let Some(class) = setup.registry.class(name, &setup.loaded.catalog) else {
        return Err(CliError::Usage(unknown(setup, name)));
    };
    let unnamed = || CliError::Usage("the name is empty".to_owned());
    let definition = MetricDefinition::of_class(name).ok_or_else(unnamed)?;
    Ok(MetricDefinition {
        data_source: class.data_source(),
        time_frame: class.time_frame(),
        ..definition
    })
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
    match did_you_mean(name, names(setup)) {
        None => format!("there is no metric or class {name:?}"),
        Some(help) => format!("there is no metric or class {name:?}; {help}"),
    }
}

/// The nearest three names as a question; `None` where none is near.
pub(super) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let nearest = nearest(name, known);
    let quoted: Vec<String> = nearest.iter().map(|name| format!("{name:?}")).collect();
    let (last, others) = quoted.split_last()?;
    Some(match others {
        [] => format!("did you mean {last}?"),
        others => format!("did you mean {} or {last}?", others.join(", ")),
    })
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
