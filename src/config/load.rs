//! From a file and its environment to a [`Config`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::de::DeTable;
use uuid::Uuid;

use super::component::Component;
use super::document::Document;
use super::environment::Environment;
use super::event_store::event_store;
use super::geo::Geo;
use super::globs::MetricGlobs;
use super::hooks::Hooks;
use super::job_telemetry::JobTelemetry;
use super::license::License;
use super::problem::{ConfigErrors, Place, Problem, ProblemKind};
use super::product::ProductQueries;
use super::prometheus::Prometheus;
use super::reader::Reader;
use super::run::run;
use super::schedule::schedule;
use super::section::{Section, closest};
use super::server::Server;
use super::setting_sources::SettingSources;
use super::settings::{feature_flags, settings};
use super::snowplow::Snowplow;
use super::telemetry::Telemetry;
use super::throttle::Throttle;
use super::tree::{Origin, Table, from_toml, overlay};
use super::types::{CATEGORIES, Config, ConsentMode, DEFAULT_FILE, Database, Instance, Reporting, State, Versions};
use super::url::Url;
use super::usage_log::Experimental;
use crate::definition::DataCategory;

const DATABASE: [&str; 3] = ["postgres", "postgresql", "sqlite"];
pub(super) const HTTP: [&str; 2] = ["http", "https"];
const DEFAULT_STATE: &str = "sqlite://service-ping.db";

impl Config {
    /// Reads `path`, or `service-ping.toml` of the working folder if there is one, or else the defaults, and lays the
    /// variables of `environment` over it.
    ///
    /// # Errors
    /// Every problem of the file and of the variables, each with its place.
    pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Config, ConfigErrors> {
        Config::load_from(Path::new("."), path, environment)
    }

    /// As [`Config::load`], with `folder` for the working folder.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_from(folder: &Path, path: Option<&Path>, environment: &Environment) -> Result<Config, ConfigErrors> {
        let document = match file_to_read(folder, path) {
            Some(file) => Some(read(file)?),
            None => None,
        };
        let folder = document
            .as_ref()
            .map_or(folder, |document| containing_folder(&document.path));
        let (mut table, problems) = document.as_ref().map(parse).unwrap_or_default();
        overlay(&mut table, environment);
        let reader = Reader {
            document: document.as_ref(),
            environment,
            folder,
            problems: RefCell::new(problems),
        };
        let config = config(&reader, table);
        match (config, reader.problems.into_inner()) {
            (Some(config), problems) if problems.is_empty() => Ok(config),
            (_, problems) => Err(ConfigErrors::new(problems)),
        }
    }
}

/// A file that was named must be there; the default one need not.
fn file_to_read(folder: &Path, path: Option<&Path>) -> Option<PathBuf> {
    let default = if folder == Path::new(".") {
        PathBuf::from(DEFAULT_FILE)
    } else {
        folder.join(DEFAULT_FILE)
    };
    match path {
        Some(path) => Some(path.to_owned()),
        None => default.exists().then_some(default),
    }
}

pub(super) fn containing_folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

pub(super) fn read(file: PathBuf) -> Result<Document, ConfigErrors> {
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Document::new(&file, text)),
        Err(error) => Err(ConfigErrors::new(vec![Problem {
            place: Place::Whole(file),
            kind: ProblemKind::Unreadable {
                reason: error.to_string(),
            },
        }])),
    }
}

/// The tree of what could be parsed, and what could not.
pub(super) fn parse(document: &Document) -> (Table, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(&document.text);
    let problems = errors.iter().map(|error| Problem {
        place: document.place(error.span().unwrap_or(0..0)),
        kind: ProblemKind::Syntax {
            message: error.message().to_owned(),
        },
    });
    let problems = problems.collect();
    (from_toml(table.into_inner()), problems)
}

fn config(reader: &Reader<'_>, table: Table) -> Option<Config> {
    let mut top = Section::top(reader, table);
    let definitions = top.path("definitions").unwrap_or_else(|| reader.folder.to_owned());
    let instance = instance(top.section("instance"));
    let license = License::read(top.section("license"));
    let databases = databases(top.named_sections("database"));
    let event_store = top.optional_section("event_store").and_then(event_store);
    let run = run(top.section("run"));
    let prometheus = top
        .optional_section("prometheus")
        .and_then(|section| Prometheus::read(section, &HTTP));
    let components = components(top.named_sections("components"));
    let geo = Geo::read(top.section("geo"));
    let versions = versions(top.section("versions"));
    let state = state(top.section("state"));
    let schedule = schedule(top.section("schedule"));
    let server = Server::read(top.section("server"));
    let reporting = reporting(top.section("reporting"));
    let hooks = Hooks::read(top.section("hooks"), &HTTP);
    let telemetry = Telemetry::read(top.section("telemetry"), &HTTP);
    let snowplow = top
        .optional_section("snowplow")
        .and_then(|section| Snowplow::read(section, &HTTP));
    let job_telemetry = JobTelemetry::read(top.section("job_telemetry"), &HTTP);
    let experimental = Experimental::read(top.section("experimental"));
    let feature_flags = feature_flags(top.section("feature_flags"));
    let setting_sources = SettingSources::read(top.section("setting_sources"));
    let settings = settings(top.section("settings"));
    top.finish();
    Some(Config {
        definitions,
        instance,
        license,
        databases,
        event_store,
        run,
        prometheus,
        components,
        geo,
        versions,
        state: state?,
        schedule,
        server,
        reporting,
        hooks,
        telemetry,
        snowplow,
        job_telemetry,
        experimental,
        feature_flags,
        setting_sources,
        settings,
        file: reader.document.map(|document| document.path.clone()),
        folder: reader.folder.to_owned(),
    })
}

fn instance(mut section: Section<'_>) -> Instance {
    let instance = Instance {
        uuid: section.parsed("uuid", "a UUID", |text| Uuid::try_parse(text).ok()),
        hostname: section.string("hostname"),
        version: section.string("version"),
        edition: section.string("edition"),
        installation_type: section.string("installation_type"),
    };
    section.finish();
    instance
}

fn databases(sections: Vec<(String, Section<'_>)>) -> BTreeMap<String, Database> {
    let databases = sections
        .into_iter()
        .filter_map(|(name, section)| Some((name, database(section)?)));
    databases.collect()
}

fn components(sections: Vec<(String, Section<'_>)>) -> BTreeMap<String, Component> {
    let components = sections
        .into_iter()
        .filter_map(|(name, section)| Some((name, Component::read(section)?)));
    components.collect()
}

fn database(mut section: Section<'_>) -> Option<Database> {
    let url = required_url(&mut section, &DATABASE);
    let replicas = section.urls("replicas", &DATABASE);
    let statement_timeout = section.duration("statement_timeout");
    let lock_timeout = section.duration("lock_timeout");
    let connections = section.integer("connections", 1..=16);
    let application_name = section.string("application_name");
    let batch_time = section.duration("batch_time");
    let max_groups = section.integer("max_groups", 1..=100_000);
    let throttle = Throttle::read(&mut section);
    section.finish();
    let defaults = Database::at(url?);
    Some(Database {
        replicas,
        statement_timeout: statement_timeout.unwrap_or(defaults.statement_timeout),
        lock_timeout: lock_timeout.unwrap_or(defaults.lock_timeout),
        connections: connections.unwrap_or(defaults.connections),
        application_name: application_name.unwrap_or(defaults.application_name),
        batch_time: batch_time.unwrap_or(defaults.batch_time),
        max_groups: max_groups.unwrap_or(defaults.max_groups),
        throttle,
        url: defaults.url,
    })
}

/// The section's address, which must be there.
pub(super) fn required_url(section: &mut Section<'_>, schemes: &[&str]) -> Option<Url> {
    let before = section.reader.problems.borrow().len();
    let url = section.url("url", "url_file", schemes);
    let silent = section.reader.problems.borrow().len() == before;
    if url.is_none() && silent {
        section.missing("url");
    }
    url
}

fn versions(mut section: Section<'_>) -> Versions {
    let defaults = Versions::default();
    let versions = Versions {
        url: section.url("url", "url_file", &HTTP),
        timeout: section.duration("timeout").unwrap_or(defaults.timeout),
        attempts: section.integer("attempts", 1..=10).unwrap_or(defaults.attempts),
        sealed: section.boolean("sealed").unwrap_or(defaults.sealed),
    };
    section.finish();
    versions
}

fn state(mut section: Section<'_>) -> Option<State> {
    let url = section.url("url", "url_file", &DATABASE);
    let folder = section.reader.folder;
    let keep_runs = section.integer("keep_runs", 1..=10_000);
    let history_mib = section.integer("history_mib", 1..=1024);
    let outbox_reports = section.integer("outbox_reports", 1..=1000);
    let outbox_mib = section.integer("outbox_mib", 1..=1024);
    section.finish();
    let url = url.or_else(|| Some(Url::parse(DEFAULT_STATE, &DATABASE).ok()?.resolved_from(folder)));
    let defaults = State::at(url?);
    Some(State {
        keep_runs: keep_runs.unwrap_or(defaults.keep_runs),
        history_mib: history_mib.unwrap_or(defaults.history_mib),
        outbox_reports: outbox_reports.unwrap_or(defaults.outbox_reports),
        outbox_mib: outbox_mib.unwrap_or(defaults.outbox_mib),
        url: defaults.url,
    })
}

fn reporting(mut section: Section<'_>) -> Reporting {
    let defaults = Reporting::default();
    let reporting = Reporting {
        enabled: section.boolean("enabled").unwrap_or(defaults.enabled),
        categories: categories(&mut section).unwrap_or(defaults.categories),
        disabled_metrics: globs(&mut section).unwrap_or(defaults.disabled_metrics),
        consent: consent(&mut section).unwrap_or(defaults.consent),
        product: ProductQueries::read(&mut section),
        do_not_track: section.reader.environment.do_not_track(),
    };
    section.finish();
    reporting
}

fn consent(section: &mut Section<'_>) -> Option<ConsentMode> {
    section.parsed("consent", "`implicit` or `explicit`", |text| match text {
        "implicit" => Some(ConsentMode::Implicit),
        "explicit" => Some(ConsentMode::Explicit),
        _ => None,
    })
}

fn categories(section: &mut Section<'_>) -> Option<BTreeSet<DataCategory>> {
    let written = section.strings("categories")?;
    let categories = written
        .iter()
        .filter_map(|(origin, text)| category(section.reader, origin, text));
    Some(categories.collect())
}

fn category(reader: &Reader<'_>, origin: &Origin, text: &str) -> Option<DataCategory> {
    let named = CATEGORIES.iter().find(|(name, _)| *name == text);
    if named.is_none() {
        let known = CATEGORIES.map(|(name, _)| name);
        let kind = ProblemKind::UnknownChoice {
            key: "categories".to_owned(),
            value: text.to_owned(),
            suggestion: closest(text, &known).map(str::to_owned),
            known: known.map(str::to_owned).to_vec(),
        };
        reader.report(origin, kind);
    }
    named.map(|(_, category)| *category)
}

fn globs(section: &mut Section<'_>) -> Option<MetricGlobs> {
    let written = section.strings("disabled_metrics")?;
    for (origin, pattern) in &written {
        if let Err(error) = globset::Glob::new(pattern) {
            let kind = ProblemKind::Glob {
                key: "disabled_metrics".to_owned(),
                pattern: pattern.clone(),
                reason: error.kind().to_string(),
            };
            section.reader.report(origin, kind);
        }
    }
    MetricGlobs::new(written.into_iter().map(|(_, pattern)| pattern)).ok()
}
