//! Readings: each measure of a plan read once, on few connections, none able to break another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use futures_util::future::{join_all, join5};

use super::components::{read_components, stand_in};
use super::events::read_events;
use super::geo::read_geo;
use super::journal::ReadingJournal;
use super::prometheus::read_prometheus;
use super::source_read::SourceRead;
use super::trace::RunTrace;
use super::waiting::while_telling;
use crate::batch::{self, NoObserver, Observer, Strategy, Taken, Work};
use crate::measure::{Failure, Measure, Reading, Reason, ServerFact};
use crate::source::Sources;
use crate::source::database::{Stop, adapter};

/// Is told how far a run is.
pub trait Progress: Sync {
    /// So many readings will be taken.
    fn begin(&self, _readings: usize) {}
    /// A reading was taken.
    fn reading(&self, _label: &str, _failure: Option<&Failure>) {}
    /// Databases are not read for now, and for what; `None` when all are read again. Told again and again while it lasts.
    fn waiting(&self, _for: Option<&str>) {}
    /// All readings are taken.
    fn end(&self) {}
}

/// Tells nobody.
pub struct NoProgress;

impl Progress for NoProgress {}

/// All readings, and how many statements the databases were sent.
pub(super) struct Readings {
    /// In the order of the measures.
    pub(super) taken: Vec<Taken>,
    pub(super) statements: u64,
    pub(super) sources: Vec<SourceRead>,
}

/// Takes all readings that the journal has not; each has the label that progress shows.
pub(super) async fn read_all(
    measures: &[(Measure, String)],
    strategy: Strategy,
    sources: &Sources,
    progress: &dyn Progress,
    journal: &dyn ReadingJournal,
    trace: Option<&RunTrace>,
) -> Readings {
    progress.begin(measures.len());
    let told = |index: usize, taken: &Taken| {
        let label = measures.get(index).map_or("", |(_, label)| label.as_str());
        log(label, taken);
        progress.reading(label, taken.result.as_ref().err());
        journal.reading(index, taken);
        if let Some(trace) = trace {
            trace.reading(index, taken);
        }
    };
    let observer = trace.map_or(&NoObserver as &dyn Observer, |trace| trace);
    let mut taken: Vec<Option<Taken>> = (0..measures.len()).map(|index| journal.kept(index)).collect();
    for ((_, label), kept) in measures.iter().zip(&taken) {
        if let Some(kept) = kept {
            progress.reading(label, kept.result.as_ref().err());
        }
    }
    let is_wanted = |index: usize| taken.get(index).is_some_and(Option::is_none);
    let lanes = sources.databases.iter().map(|(name, database)| {
        let work = work_of(name, measures, strategy, sources, &is_wanted);
        let read = batch::read_all(
            work,
            database,
            &sources.interrupt,
            &sources.log,
            &told,
            journal,
            observer,
        );
        timed(read)
    });
    let events = async {
        let read = timed(read_events(measures, sources, &is_wanted, &told, trace)).await;
        journal.commit().await;
        read
    };
    let components = async {
        let read = timed(read_components(measures, sources, &is_wanted, &told)).await;
        journal.commit().await;
        read
    };
    let sites = async {
        let read = read_geo(measures, sources, &is_wanted, &told).await;
        journal.commit().await;
        read
    };
    let prometheus = async {
        let read = timed(read_prometheus(measures, sources, &is_wanted, &told)).await;
        journal.commit().await;
        read
    };
    let reading = join5(join_all(lanes), events, components, prometheus, sites);
    let (of_databases, of_events, of_components, of_prometheus, of_sites) =
        while_telling(reading, &sources.databases, progress).await;
    let mut statements = 0;
    let mut read = Vec::new();
    for (name, ((readings, number), took)) in sources.databases.keys().zip(of_databases) {
        statements += number;
        read.extend(SourceRead::of(format!("database.{name}"), &readings, number, took));
        place(readings, &mut taken, sources);
    }
    let counted = |(readings, took): (Vec<(usize, Taken)>, Duration)| {
        let asked = readings.iter().map(|(_, taken)| taken.statements).sum();
        ((readings, asked), took)
    };
    let others = [
        ("event_store", counted(of_events)),
        ("components", of_components),
        ("prometheus", counted(of_prometheus)),
    ];
    for (name, ((readings, asked), took)) in others {
        read.extend(SourceRead::of(name.to_owned(), &readings, asked, took));
        place(readings, &mut taken, sources);
    }
    place(of_sites, &mut taken, sources);
    let known = |(index, (slot, (measure, label))): (usize, (Option<Taken>, &(Measure, String)))| {
        slot.unwrap_or_else(|| {
            let begun = Instant::now();
            let result = isolated(|| read_known(measure, sources));
            let taken = Taken {
                result,
                elapsed: begun.elapsed(),
                statements: 0,
                retries: 0,
            };
            log(label, &taken);
            progress.reading(label, taken.result.as_ref().err());
            if let Some(trace) = trace {
                trace.reading(index, &taken);
            }
            taken
        })
    };
    let taken = taken.into_iter().zip(measures).enumerate().map(known).collect();
    progress.end();
    Readings {
        taken,
        statements,
        sources: read,
    }
}

/// What a piece of work gives, and how long it took.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let done = work.await;
    (done, begun.elapsed())
}

/// For whoever looks for what is slow; of metrics, by the key path of the first that asks for it.
fn log(key_path: &str, taken: &Taken) {
    let reason = taken.result.as_ref().err().map(|failure| failure.reason.code());
    let (elapsed, statements) = (taken.elapsed.as_secs_f64(), taken.statements);
    tracing::debug!(key_path, elapsed, statements, reason, "A reading was taken.");
}

fn place(readings: Vec<(usize, Taken)>, taken: &mut [Option<Taken>], sources: &Sources) {
    for (index, reading) in readings {
        if let Some(slot) = taken.get_mut(index) {
            *slot = Some(of_the_budget(reading, sources));
        }
    }
}

/// The wanted measures that a database answers.
pub(super) fn work_of<'a>(
    database: &str,
    measures: &'a [(Measure, String)],
    strategy: Strategy,
    sources: &'a Sources,
    is_wanted: &dyn Fn(usize) -> bool,
) -> Work<'a> {
    let mut work = Work::new(strategy);
    if let Some(table) = &sources.facts.settings_table {
        work = work.with_settings_of(&table.table);
    }
    for (index, (measure, _)) in measures.iter().enumerate() {
        if is_wanted(index) && asks(measure, database, sources) {
            work.add(index, measure);
        }
    }
    work
}

/// What the end of the budget cut short was not run at all: a metric has its whole value, or none.
fn of_the_budget(mut taken: Taken, sources: &Sources) -> Taken {
    if let (Some(Stop::Budget(budget)), Err(failure)) = (sources.interrupt.cause(), &mut taken.result)
        && matches!(failure.reason, Reason::Cancelled | Reason::NotRun)
    {
        let message = format!("the budget of {budget:?} was over before this was read");
        *failure = Failure::new(Reason::NotRun, message);
    }
    taken
}

/// Runs pure code that may panic, as one failure.
pub(super) fn isolated<T>(code: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|panic| Err(Failure::of_panic(panic.as_ref())))
}

fn asks(measure: &Measure, database: &str, sources: &Sources) -> bool {
    match measure {
        Measure::Database(measure) => measure.database == database,
        Measure::SqlValue(measure) => measure.database == database,
        Measure::Server(measure) => measure.database == database && measure.fact != ServerFact::Adapter,
        Measure::Setting(setting) => {
            let table = sources.facts.table_of(setting);
            table.is_some_and(|table| table.database == database)
        }
        _ => false,
    }
}

fn read_known(measure: &Measure, sources: &Sources) -> Result<Reading, Failure> {
    match measure {
        Measure::Fact(fact) => sources.facts.fact(*fact).map(Reading::Value),
        Measure::License(attribute) => sources.facts.license(*attribute).map(Reading::Value),
        // A table of settings in a database that is not configured is no table at all.
        Measure::Setting(setting) => sources.facts.setting(setting).map(Reading::Value),
        Measure::Server(measure) => {
            let database = sources.database(&measure.database)?;
            Ok(Reading::Value(adapter(database.dialect()).into()))
        }
        Measure::Http(measure) => stand_in(measure, sources),
        Measure::GeoNodes => Err(Failure::new(
            Reason::SourceNotConfigured,
            "[geo] role is not primary: only a primary site lists others",
        )),
        Measure::Constant(value) => Ok(Reading::Value(value.clone())),
        Measure::Database(measure) => Err(not_configured(&measure.database)),
        Measure::SqlValue(measure) => Err(not_configured(&measure.database)),
        Measure::Event(_) => Err(Failure::new(
            Reason::SourceNotConfigured,
            "the configuration has no [event_store]",
        )),
        Measure::Prometheus(_) => Err(Failure::new(
            Reason::SourceNotConfigured,
            "the configuration has no [prometheus]",
        )),
        Measure::Sum(_) | Measure::Aggregate(_) => Err(Failure::new(
            Reason::InvalidOptions,
            "what is made of others is read by its parts",
        )),
    }
}

fn not_configured(database: &str) -> Failure {
    Failure::new(
        Reason::SourceNotConfigured,
        format!("the configuration has no [database.{database}]"),
    )
}
