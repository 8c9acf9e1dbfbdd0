//! `run --dry-run`: what would be measured, and how.

use serde_json::{Value, json};

use super::Timing;
use crate::batch::PlannedScan;
use crate::cli::CliError;
use crate::cli::message::note;
use crate::cli::output::{Format, counted, print, wrapped};
use crate::cli::scan;
use crate::cli::setup::{Patience, Setup, interrupt_on_signals};
use crate::measure::{Failure, Measure};
use crate::report::{DatabaseSurvey, Plan, Surveyed, survey};
use crate::source::database::StatementLog;

/// Columns that the text keeps to, and where what is said of a scan begins.
const WIDTH: usize = 80;
const MARGIN: usize = 11;

/// The plan, and what a run would do with it.
struct DryRun<'a> {
    plan: &'a Plan<'a>,
    /// How each metric is read, in the order of the plan.
    how: Vec<String>,
    /// The readings of each metric.
    readings: Vec<Vec<usize>>,
    surveys: Vec<DatabaseSurvey>,
    timing: Timing,
}

/// Prints the plan. Databases that can be reached say how its readings would share their work.
///
/// # Errors
/// A signal cut it short.
pub(super) async fn show(setup: &Setup, plan: &Plan<'_>, format: Format, timing: Timing) -> Result<(), CliError> {
    let surveys = surveyed(setup, plan).await?;
    let how = plan.metrics.iter().map(|metric| match &metric.measure {
        Ok(None) => "deprecated: -1000".to_owned(),
        Ok(Some(measure)) => described(setup, measure),
        Err(failure) => format!("falls back: {failure}"),
    });
    // Without a database nobody asks which readings a metric has.
    let readings = match surveys.is_empty() {
        true => vec![Vec::new(); plan.metrics.len()],
        false => plan.readings_of_metrics(),
    };
    let dry = DryRun {
        plan,
        how: how.collect(),
        readings,
        surveys,
        timing,
    };
    match format {
        Format::Json => print(&format!("{:#}\n", dry.json()))?,
        Format::Human => {
            print(&dry.text())?;
            note(&dry.total());
        }
    }
    dry.not_reached().iter().for_each(|text| note(text));
    Ok(())
}

/// Nothing where no database is configured: the plan is what the definitions say.
async fn surveyed(setup: &Setup, plan: &Plan<'_>) -> Result<Vec<DatabaseSurvey>, CliError> {
    if setup.config.databases.is_empty() {
        return Ok(Vec::new());
    }
    let sources = setup.sources(None, interrupt_on_signals(), StatementLog::default(), Patience::TryOnce)?;
    let surveys = survey(plan, &sources, None).await;
    match sources.interrupt.is_raised() {
        true => Err(CliError::Interrupted),
        false => Ok(surveys),
    }
}

impl DryRun<'_> {
    fn reached(&self) -> impl Iterator<Item = (&str, &Surveyed)> {
        self.surveys.iter().filter_map(|survey| {
            let surveyed = survey.surveyed.as_ref().ok()?;
            Some((survey.database.as_str(), surveyed))
        })
    }

    fn scans(&self) -> impl Iterator<Item = &PlannedScan> {
        self.reached().flat_map(|(_, surveyed)| &surveyed.survey.scans)
    }

    /// A line for each database whose plan is what the definitions say.
    fn not_reached(&self) -> Vec<String> {
        if self.surveys.is_empty() {
            let asks = |measure: &Measure| matches!(measure, Measure::Database(_) | Measure::SqlValue(_));
            let says = "no database is configured: the plan is what the definitions say";
            let is_asked = self.plan.readings.iter().any(|(measure, _)| asks(measure));
            return is_asked.then(|| says.to_owned()).into_iter().collect();
        }
        let line = |survey: &DatabaseSurvey| {
            let failure = survey.surveyed.as_ref().err()?;
            let database = &survey.database;
            Some(format!(
                "database {database}: {failure}; its part of the plan is what the definitions say"
            ))
        };
        self.surveys.iter().filter_map(line).collect()
    }

    /// The metrics, by their places, that any of these readings is for.
    fn metrics_of(&self, readings: &[usize]) -> Vec<usize> {
        let has = |(_, of_metric): &(usize, &Vec<usize>)| of_metric.iter().any(|reading| readings.contains(reading));
        self.readings
            .iter()
            .enumerate()
            .filter(has)
            .map(|(place, _)| place)
            .collect()
    }

    fn key(&self, metric: usize) -> &str {
        self.plan
            .metrics
            .get(metric)
            .map_or("", |metric| metric.key_path.as_str())
    }

    fn keys_of(&self, readings: &[usize]) -> Vec<&str> {
        let metrics = self.metrics_of(readings);
        metrics.into_iter().map(|metric| self.key(metric)).collect()
    }

    fn total(&self) -> String {
        let metrics = counted(self.plan.metrics.len(), "metric");
        let readings = counted(self.plan.readings.len(), "reading");
        if self.reached().next().is_none() {
            return format!("{metrics} from {readings}; nothing was measured, stored or sent");
        }
        let scans = counted(self.scans().count(), "scan");
        let (statements, separate) = self.statements();
        format!(
            "{metrics} from {readings} in {scans}, {}, against {separate} one by one;\nnothing was measured, stored or \
             sent",
            scan::about(statements)
        )
    }

    /// About how many statements there will be, and how many there would be one by one.
    fn statements(&self) -> (u64, u64) {
        let add = |(together, apart), (_, surveyed): (&str, &Surveyed)| {
            (together + surveyed.survey.statements(), apart + surveyed.separate)
        };
        self.reached().fold((0, 0), add)
    }

    /// Scans first, each with its metrics; then what is read otherwise.
    fn text(&self) -> String {
        let mut text = String::new();
        let mut shown = vec![false; self.readings.len()];
        let mut mark = |metrics: &[usize]| {
            for metric in metrics {
                if let Some(shown) = shown.get_mut(*metric) {
                    *shown = true;
                }
            }
        };
        for (database, surveyed) in self.reached() {
            for scan in &surveyed.survey.scans {
                let metrics = self.metrics_of(&scan.members);
                text += &self.scan_text(database, scan, &metrics);
                mark(&metrics);
            }
            let estimated = self.metrics_of(&surveyed.survey.estimated);
            for metric in &estimated {
                text += &format!(
                    "{}\n    from the statistics of database {database}\n",
                    self.key(*metric)
                );
            }
            mark(&estimated);
            for (reading, failure) in &surveyed.survey.failures {
                let metrics = self.metrics_of(&[*reading]);
                for metric in &metrics {
                    text += &entry(self.key(*metric), &format!("falls back: {failure}"));
                }
                mark(&metrics);
            }
        }
        let rest = self.how.iter().enumerate().zip(shown).filter(|(_, shown)| !shown);
        for ((metric, how), _) in rest {
            text += &format!("{}\n    {how}\n", self.key(metric));
        }
        text
    }

    fn scan_text(&self, database: &str, scan: &PlannedScan, metrics: &[usize]) -> String {
        let head = format!(
            "{} in database {database}, {}",
            scan::name(scan),
            scan::statements(scan)
        );
        let mut text = wrapped(&head, WIDTH) + "\n";
        text += &line("why", wrapped(&scan.why.to_string(), WIDTH - MARGIN).lines());
        text += &line("rows", wrapped(&scan::rows(scan), WIDTH - MARGIN).lines());
        let statement = scan::excerpt(scan, WIDTH - MARGIN);
        text += &line("asks", statement.iter().map(String::as_str));
        let keys = scan::keys(scan, WIDTH - MARGIN);
        if !keys.is_empty() {
            text += &line("keys", keys.iter().map(String::as_str));
        }
        let keys = metrics.iter().map(|metric| {
            let of_metric = self.readings.get(*metric).map(Vec::as_slice).unwrap_or_default();
            let is_whole = of_metric.iter().all(|reading| scan.members.contains(reading));
            let part = if is_whole { "" } else { " (a part of it)" };
            format!("{}{part}", self.key(*metric))
        });
        // Key paths may be as long as a line.
        let keys: String = keys.map(|key| format!("    {key}\n")).collect();
        format!("{text}  metrics\n{keys}\n")
    }

    fn json(&self) -> Value {
        let metrics = self
            .plan
            .metrics
            .iter()
            .zip(&self.how)
            .enumerate()
            .map(|(place, (metric, how))| {
                let readings = self.readings.get(place).map(Vec::as_slice).unwrap_or_default();
                let stands = |scan: &PlannedScan| readings.iter().any(|reading| scan.members.contains(reading));
                let scans = self.scans().enumerate().filter(|(_, scan)| stands(scan));
                let scans: Vec<usize> = scans.map(|(number, _)| number).collect();
                json!({"key_path": metric.key_path.as_str(), "how": how, "scans": scans})
            });
        let (statements, separate) = self.statements();
        json!({
            "metrics": metrics.collect::<Vec<Value>>(),
            "loaded_in": self.timing.loaded.as_secs_f64(),
            "planned_in": self.timing.planned.as_secs_f64(),
            "readings": self.plan.readings.len(),
            "scans": self.scans().count(),
            "statements": statements,
            "statements_one_by_one": separate,
            "databases": self.surveys.iter().map(|survey| self.database_json(survey)).collect::<Vec<Value>>(),
        })
    }

    fn database_json(&self, survey: &DatabaseSurvey) -> Value {
        let surveyed = match &survey.surveyed {
            Ok(surveyed) => surveyed,
            Err(failure) => return json!({"database": survey.database, "error": scan::failure(failure)}),
        };
        let found = &surveyed.survey;
        let scan = |scan: &PlannedScan| scan::json(scan, "metrics", &self.keys_of(&scan.members));
        let failed = |(reading, failure): &(usize, Failure)| json!({"metrics": self.keys_of(&[*reading]), "error": scan::failure(failure)});
        json!({
            "database": survey.database,
            "error": null,
            "scans": found.scans.iter().map(scan).collect::<Vec<Value>>(),
            "statistics": self.keys_of(&found.estimated),
            "queries": self.keys_of(&found.queries),
            "failures": found.failures.iter().map(failed).collect::<Vec<Value>>(),
            "statements": found.statements(),
            "statements_one_by_one": surveyed.separate,
        })
    }
}

fn entry(key: &str, says: &str) -> String {
    let says = wrapped(says, WIDTH - 4);
    let says: String = says.lines().map(|line| format!("    {line}\n")).collect();
    format!("{key}\n{says}")
}

/// What is said of a scan under one name, in lines that begin below each other.
fn line<'a>(name: &str, says: impl Iterator<Item = &'a str>) -> String {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    says.zip(names)
        .map(|(says, name)| format!("  {name:<width$}{says}\n", width = MARGIN - 2))
        .collect()
}

fn described(setup: &Setup, measure: &Measure) -> String {
    match measure.statement(&|database| setup.dialect(database)) {
        Some(Ok(sql)) => sql,
        Some(Err(error)) => format!("no statement: {error}"),
        None => match measure {
            Measure::Setting(setting) => format!("setting {}", setting.in_words()),
            Measure::GeoNodes => "what secondary sites told this one".to_owned(),
            Measure::License(attribute) => format!("license {}", attribute.as_str()),
            Measure::Http(measure) => measure.in_words(),
            Measure::Server(measure) => format!("{} of the database {}", measure.fact.as_str(), measure.database),
            Measure::Fact(fact) => format!("{fact:?}").to_lowercase(),
            Measure::Constant(value) => format!("the value {value}"),
            Measure::Event(measure) => measure.command(),
            Measure::Prometheus(measure) => measure.in_words(),
            Measure::Aggregate(aggregate) => {
                format!("{} of {} sets", aggregate.operator.as_str(), aggregate.parts.len())
            }
            _ => "a sum of other metrics".to_owned(),
        },
    }
}
