//! `explain --plan`: the scans that a metric would stand in at a run of all definitions.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::Asked;
use super::human::line;
use crate::batch::{PlannedScan, Survey};
use crate::cli::CliError;
use crate::cli::output::counted;
use crate::cli::scan;
use crate::cli::setup::{OnlyArgs, Setup};
use crate::measure::{Failure, Measure};
use crate::report::{DatabaseSurvey, Plan, survey};
use crate::source::Sources;

/// Columns that what stands beside a name keeps to.
const WIDTH: usize = 76;
/// So many of the metrics that a scan is shared with are named.
const MOST_BESIDE: usize = 8;

/// Where a reading of a metric would stand.
pub(super) enum InRun {
    Scan {
        scan: Box<PlannedScan>,
        /// The other metrics that the scan is for.
        beside: Vec<String>,
    },
    Statistics,
    Query,
    /// It would fall back.
    Failed(Failure),
    /// No metric of a run asks for it.
    NotRead,
}

/// What a run of all definitions would do with each asked measure's readings of databases.
///
/// # Errors
/// As the plan of a run; a signal cut it short.
pub(super) async fn placed(setup: &Setup, sources: &Sources, asked: &[Asked]) -> Result<Vec<Vec<InRun>>, CliError> {
    let plan = setup.plan(&OnlyArgs { only: Vec::new() })?;
    let wanted: Vec<Vec<&Measure>> = asked.iter().map(of_databases).collect();
    let places: HashMap<&Measure, usize> = plan.readings.iter().map(|(measure, _)| measure).zip(0..).collect();
    let around = wanted.iter().flatten().filter_map(|leaf| places.get(leaf).copied());
    let around: Vec<usize> = around.collect();
    let surveys = survey(&plan, sources, Some(&around)).await;
    if sources.interrupt.is_raised() {
        return Err(CliError::Interrupted);
    }
    let looked = Looked {
        metrics: plan.readings_of_metrics(),
        plan: &plan,
        surveys: &surveys,
    };
    let placed = wanted.iter().zip(asked).map(|(leaves, asked)| {
        let place = |leaf: &&Measure| match places.get(leaf) {
            Some(reading) => looked.place(*reading, leaf, &asked.label),
            None => InRun::NotRead,
        };
        leaves.iter().map(place).collect()
    });
    Ok(placed.collect())
}

fn of_databases(asked: &Asked) -> Vec<&Measure> {
    let mut leaves: Vec<&Measure> = Vec::new();
    let Ok(Some(measure)) = &asked.measure else {
        return leaves;
    };
    for leaf in measure.leaves() {
        if matches!(leaf, Measure::Database(_) | Measure::SqlValue(_)) && !leaves.contains(&leaf) {
            leaves.push(leaf);
        }
    }
    leaves
}

/// A plan that was looked over.
struct Looked<'a> {
    plan: &'a Plan<'a>,
    /// The readings of each metric.
    metrics: Vec<Vec<usize>>,
    surveys: &'a [DatabaseSurvey],
}

impl Looked<'_> {
    fn place(&self, reading: usize, leaf: &Measure, label: &str) -> InRun {
        let database = match leaf {
            Measure::Database(measure) => &measure.database,
            Measure::SqlValue(measure) => &measure.database,
            _ => return InRun::NotRead,
        };
        let survey = self.surveys.iter().find(|survey| survey.database == *database);
        match survey.map(|survey| &survey.surveyed) {
            Some(Ok(surveyed)) => self.place_in(&surveyed.survey, reading, label),
            Some(Err(failure)) => InRun::Failed(failure.clone()),
            None => InRun::NotRead,
        }
    }

    fn place_in(&self, survey: &Survey, reading: usize, label: &str) -> InRun {
        if let Some(scan) = survey.scan_of(reading) {
            return InRun::Scan {
                beside: self.beside(scan, label),
                scan: Box::new(scan.clone()),
            };
        }
        if survey.estimated.contains(&reading) {
            return InRun::Statistics;
        }
        if survey.queries.contains(&reading) {
            return InRun::Query;
        }
        let failed = survey.failures.iter().find(|(failed, _)| *failed == reading);
        failed.map_or(InRun::NotRead, |(_, failure)| InRun::Failed(failure.clone()))
    }

    fn beside(&self, scan: &PlannedScan, label: &str) -> Vec<String> {
        let metrics = self.plan.metrics.iter().zip(&self.metrics);
        let stands = metrics.filter(|(_, readings)| readings.iter().any(|reading| scan.members.contains(reading)));
        let keys = stands.map(|(metric, _)| metric.key_path.to_string());
        keys.filter(|key| key != label).collect()
    }
}

impl InRun {
    pub(super) fn text(&self) -> String {
        match self {
            InRun::Scan { scan, beside } => line("in a run", &self.says()) + &of_scan(scan, beside),
            _ => line("in a run", &self.says()),
        }
    }

    /// In a few words.
    pub(super) fn says(&self) -> String {
        match self {
            InRun::Scan { scan, beside } => {
                let company = match beside.len() {
                    0 => "by itself".to_owned(),
                    number => format!("with {}", counted(number, "other metric")),
                };
                format!("{company} in a {}, {}", scan::name(scan), scan::statements(scan))
            }
            InRun::Statistics => "answered by the database's statistics".to_owned(),
            InRun::Query => "a query of its own, which no other metric shares".to_owned(),
            InRun::Failed(failure) => format!("falls back: {failure}"),
            InRun::NotRead => "not read: a run of all definitions asks for nothing like it".to_owned(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let says = self.says();
        match self {
            InRun::Scan { scan, beside } => {
                let beside: Vec<&str> = beside.iter().map(String::as_str).collect();
                json!({"kind": "scan", "says": says, "scan": scan::json(scan, "beside", &beside)})
            }
            InRun::Statistics => json!({"kind": "statistics", "says": says}),
            InRun::Query => json!({"kind": "query", "says": says}),
            InRun::Failed(failure) => json!({"kind": "failed", "says": says, "error": scan::failure(failure)}),
            InRun::NotRead => json!({"kind": "not_read", "says": says}),
        }
    }
}

fn of_scan(scan: &PlannedScan, beside: &[String]) -> String {
    let mut text = line("why", &scan.why.to_string());
    text += &line("rows", &scan::rows(scan));
    text += &line("asks", "");
    for part in scan::excerpt(scan, WIDTH) {
        text += &format!("    {part}\n");
    }
    let keys = scan::keys(scan, WIDTH);
    if !keys.is_empty() {
        text += &line("keys", "");
        keys.iter().for_each(|key| text += &format!("    {key}\n"));
    }
    if beside.is_empty() {
        return text;
    }
    text += &line("beside", "");
    for key in beside.iter().take(MOST_BESIDE) {
        text += &format!("    {key}\n");
    }
    match beside.len().saturating_sub(MOST_BESIDE) {
        0 => text,
        more => format!("{text}    and {more} more\n"),
    }
}
