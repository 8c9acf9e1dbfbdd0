//! The configuration's types. Their doc comments are the one source of the sample file and of the JSON Schema.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use uuid::Uuid;

use super::component::Component;
use super::geo::Geo;
use super::globs::MetricGlobs;
use super::hooks::Hooks;
use super::job_telemetry::JobTelemetry;
use super::license::License;
use super::product::ProductQueries;
use super::prometheus::Prometheus;
use super::server::Server;
use super::setting_sources::SettingSources;
use super::snowplow::Snowplow;
use super::telemetry::Telemetry;
use super::throttle::Throttle;
use super::url::Url;
use super::usage_log::Experimental;
use crate::definition::{DataCategory, KeyFormat};

/// The configuration's file, looked for in the working folder where no other is named.
pub const DEFAULT_FILE: &str = "service-ping.toml";

/// The configuration of service-ping.
///
/// Every key can also be given as a variable, `SERVICE_PING__SECTION__KEY`, which wins over the file. `${VAR}` inside a
/// string is filled in from the environment; write `$$` for a plain `$`. Relative paths start at this file's folder.
/// Durations are a whole number and a unit: `ms`, `s`, `m` or `h`.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
pub struct Config {
    /// Folder of `metrics/`, `known_events/`, `aggregated_metrics/` and, if there is one, `events/`.
    #[schemars(with = "String", example = ".")]
    pub definitions: PathBuf,
    /// What this instance says of itself.
    pub instance: Instance,
    /// The licence that the product runs under. Without one, the metrics of the class `LicenseMetric` are null.
    pub license: License,
    /// The instance's databases, which are only ever read. Definitions say `database: NAME`; without it they mean `main`.
    #[schemars(rename = "database")]
    pub databases: BTreeMap<String, Database>,
    /// Where events are counted. Left out, the metrics of events fall back to -1 and nothing is tracked.
    pub event_store: Option<EventStore>,
    /// How long a run may take.
    pub run: Run,
    /// The Prometheus server of the instance. Left out, its metrics fall back.
    pub prometheus: Option<Prometheus>,
    /// Components of the instance that metrics of the class `HttpValueMetric` may ask, by names that definitions use. What
    /// is not named here is never asked.
    #[schemars(example = &"gitaly")]
    pub components: BTreeMap<String, Component>,
    /// What this site is to its other sites. Left out, it is the only one.
    pub geo: Geo,
    /// The maker's endpoint that receives the payload.
    pub versions: Versions,
    /// The engine's own store: runs, results, and payloads that wait for delivery.
    pub state: State,
    /// When `serve --schedule` runs the weekly job.
    pub schedule: Schedule,
    /// What `serve` does with those who ask over HTTP. Tokens are made by `service-ping token add`.
    pub server: Server,
    /// What may leave this instance.
    pub reporting: Reporting,
    /// Who is told when a run went wrong: its payload was not delivered, or a metric failed that had a value the week before.
    pub hooks: Hooks,
    /// Who may look on while a run goes: an OpenTelemetry collector of your own. It hears of times, tables, key paths and
    /// reasons, never of values; a collector that is away costs a run nothing.
    pub telemetry: Telemetry,
    /// A Snowplow collector that single events are sent to: what `events track` counts of internal events, and what
    /// `snowplow track` and `snowplow billing` are told. Left out, none is sent. Identifiers and properties of events leave
    /// as they were given.
    pub snowplow: Option<Snowplow>,
    /// Whom `job exec` tells of its job: a collector of yours, beside those that a job's payload names.
    pub job_telemetry: JobTelemetry,
    /// Parts that bear the names of the GitLab Runner's own file.
    pub experimental: Experimental,
    /// Features by name, true or false: an event or aggregate that names one is counted while it is on. Any that is not
    /// named here is off, but for `redis_hll_tracking`, which stops all tracking of unique values when it is off.
    #[schemars(example = serde_json::json!({"redis_hll_tracking": true}))]
    pub feature_flags: BTreeMap<String, bool>,
    /// Where settings are looked for that `[settings]` does not have.
    pub setting_sources: SettingSources,
    /// The instance's settings that metrics of the class `SettingMetric` read, by any name: a string, a number, a boolean,
    /// or a list or table of them.
    #[schemars(example = serde_json::json!({"signup_enabled": true}))]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// The file that this was read from, if there was one.
    #[schemars(skip)]
    pub file: Option<PathBuf>,
    /// Where relative paths start: the file's folder, or the working folder.
    #[schemars(skip)]
    pub folder: PathBuf,
}

/// What this instance says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
pub struct Instance {
    /// The instance's own id. Left empty, one is made at the first run and kept in the state store.
    #[schemars(with = "String", example = "")]
    pub uuid: Option<Uuid>,
    /// The host name reported. Left empty, the machine's.
    #[schemars(with = "String", example = "")]
    pub hostname: Option<String>,
    /// The product's version.
    #[schemars(with = "String", example = "")]
    pub version: Option<String>,
    /// The product's edition, such as `CE`. Left empty, what the licence's plan is sold as.
    #[schemars(with = "String", example = "")]
    pub edition: Option<String>,
    /// How the product was installed, such as `omnibus` or `helm`.
    #[schemars(with = "String", example = "")]
    pub installation_type: Option<String>,
}

/// One database of the instance, and how gently it is read.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Database {
    /// `postgres://user:password@host/name` or `sqlite://path`. `url_file` reads it from a file of its own.
    #[schemars(with = "String", example = "postgres://service_ping@localhost/app")]
    pub url: Url,
    /// Read replicas of the same database; where there are any, metrics are read from them alone, each over as many
    /// connections as `connections` says.
    #[schemars(with = "Vec<String>", example = Vec::<String>::new())]
    pub replicas: Vec<Url>,
    /// A statement that runs longer is cancelled on the server, and its metric tries smaller batches.
    #[schemars(with = "String", example = "15s")]
    pub statement_timeout: Duration,
    /// A statement that waits longer for a lock is given up.
    #[schemars(with = "String", example = "2s")]
    pub lock_timeout: Duration,
    /// Connections at most, 1 to 16.
    #[schemars(example = 2)]
    pub connections: u32,
    /// The name under which the server lists these connections.
    #[schemars(example = "service-ping")]
    pub application_name: String,
    /// How long a batch should take: batches grow while they are faster, and shrink when they are slower.
    #[schemars(with = "String", example = "500ms")]
    pub batch_time: Duration,
    /// Groups that a grouped metric may have at most, 1 to 100000; with more it falls back.
    #[schemars(example = 10000)]
    pub max_groups: u32,
    #[schemars(flatten)]
    pub throttle: Throttle,
}

impl Database {
    /// A database at `url` with every other key at its default.
    pub fn at(url: Url) -> Database {
        Database {
            url,
            replicas: Vec::new(),
            statement_timeout: Duration::from_secs(15),
            lock_timeout: Duration::from_secs(2),
            connections: 2,
            application_name: "service-ping".to_owned(),
            batch_time: Duration::from_millis(500),
            max_groups: 10_000,
            throttle: Throttle::default(),
        }
    }
}

/// How long a run may take, and how long it may stand still.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Run {
    /// When this time is over, a run cancels what it still reads, reports what it has, and says `not_run` of the rest;
    /// `run --budget` wins over it. Delivery comes after it, with timeouts of its own. Left empty, there is no end.
    #[schemars(with = "Option<String>", example = "")]
    pub budget: Option<Duration>,
    /// Of all processes that share a state store, one runs; it holds a lease that lasts this long and is renewed, 1s to 1h.
    /// A run that stands still for longer is taken over by the next one. A process that ended is not waited for.
    #[schemars(with = "String", example = &"60s")]
    pub lease: Duration,
}

impl Default for Run {
    fn default() -> Self {
        Run {
            budget: None,
            lease: Duration::from_secs(60),
        }
    }
}

/// Where events are counted. Left out, the metrics of events fall back to -1 and nothing is tracked.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct EventStore {
    /// `embedded` (a file beside this one) or `sqlite://path`; `redis://…`, `rediss://…`, `redis+unix:///path`,
    /// `redis-cluster://a:7000,b:7001`, `redis-sentinel://a:26379,b:26379/master`. `url_file` reads it from a file of its
    /// own.
    #[schemars(with = "String", example = &"embedded")]
    pub url: Url,
    /// The certificate authorities, as PEM, that a Redis over TLS is trusted by; the system's if it is not said.
    #[schemars(with = "Option<String>", example = "")]
    pub ca_file: Option<PathBuf>,
    /// How long connecting may take, and each answer.
    #[schemars(with = "String", example = "5s")]
    pub timeout: Duration,
    /// How the keys of known events are spelt: `slots` as GitLab did until 15.9, `hll_counters` as it does since.
    #[schemars(with = "String", example = &"slots")]
    pub key_format: KeyFormat,
    /// GitLab's list of sketches that stand under older names: `hll_redis_key_overrides.yml` of its tree.
    #[schemars(with = "Option<String>", example = "")]
    pub hll_key_overrides: Option<PathBuf>,
    /// GitLab's list of counters that stand under older keys: `total_counter_redis_key_overrides.yml`.
    #[schemars(with = "Option<String>", example = "")]
    pub total_key_overrides: Option<PathBuf>,
    /// GitLab's list of events that are counted together without their identifier: `hll_redis_legacy_events.yml`.
    #[schemars(with = "Option<String>", example = "")]
    pub legacy_events: Option<PathBuf>,
    /// Categories of known events whose unique values are also counted together, weekly and monthly.
    #[schemars(with = "Vec<String>", example = CATEGORIES_FOR_TOTALS)]
    pub categories_for_totals: BTreeSet<String>,
}

/// The categories of GitLab in 2022 (spec 6.5).
const CATEGORIES_FOR_TOTALS: [&str; 16] = [
    "analytics",
    "code_review",
    "compliance",
    "deploy_token_packages",
    "ecosystem",
    "epic_boards_usage",
    "epics_usage",
    "error_tracking",
    "ide_edit",
    "incident_management",
    "issues_edit",
    "pipeline_authoring",
    "quickactions",
    "search",
    "testing",
    "user_packages",
];

impl EventStore {
    /// A store at `url` with every other key at its default.
    pub fn at(url: Url) -> EventStore {
        EventStore {
            url,
            ca_file: None,
            timeout: Duration::from_secs(5),
            key_format: KeyFormat::default(),
            hll_key_overrides: None,
            total_key_overrides: None,
            legacy_events: None,
            categories_for_totals: EventStore::usual_categories(),
        }
    }

    /// The categories that are counted together where the configuration names none.
    pub fn usual_categories() -> BTreeSet<String> {
        CATEGORIES_FOR_TOTALS.map(str::to_owned).into()
    }
}

/// The maker's endpoint.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Versions {
    /// Its address. Left empty, nothing is ever sent. `url_file` reads it from a file of its own.
    #[schemars(with = "String", example = "")]
    pub url: Option<Url>,
    /// How long one request may take in all.
    #[schemars(with = "String", example = "30s")]
    pub timeout: Duration,
    /// Tries for one delivery, 1 to 10, before the payload waits for the next run.
    #[schemars(example = 3)]
    pub attempts: u32,
    /// Whether there is no way to the maker: nothing is tried, and payloads wait for `service-ping bundle export`.
    #[schemars(example = false)]
    pub sealed: bool,
}

impl Default for Versions {
    fn default() -> Versions {
        Versions {
            url: None,
            timeout: Duration::from_secs(30),
            attempts: 3,
            sealed: false,
        }
    }
}

/// The engine's own store.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct State {
    /// `sqlite://path` or `postgres://…`. `url_file` reads it from a file of its own.
    #[schemars(with = "String", example = "sqlite://service-ping.db")]
    pub url: Url,
    /// The newest runs that are kept, 1 to 10000. What waits for delivery is kept longer.
    #[schemars(example = 26)]
    pub keep_runs: u32,
    /// MiB that their outcomes, and the payloads among them that do not wait, take together, 1 to 1024; of older runs only
    /// the fact and the delivery are kept.
    #[schemars(example = 8)]
    pub history_mib: u32,
    /// Payloads that wait for delivery at once, 1 to 1000; with more, the oldest is given up.
    #[schemars(example = 60)]
    pub outbox_reports: u32,
    /// MiB that waiting payloads and their metadata take together, 1 to 1024; with more, the oldest is given up.
    #[schemars(example = 32)]
    pub outbox_mib: u32,
}

impl State {
    /// A store at `url` with every other key at its default.
    pub fn at(url: Url) -> State {
        State {
            url,
            keep_runs: 26,
            history_mib: 8,
            outbox_reports: 60,
            outbox_mib: 32,
        }
    }
}

/// When `serve --schedule` runs the weekly job: at the minute, hour and weekday, in UTC, that follow from the instance's
/// uuid, so that a fleet does not call at once.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Schedule {
    /// Each run begins up to this much late, by chance; at most 1h.
    #[schemars(with = "String", example = "60s")]
    pub splay: Duration,
    /// After a run that failed, or whose payload was not delivered, how long until the next try; at most ten.
    #[schemars(with = "Vec<String>", example = ["8h", "16h", "24h"])]
    pub retries: Vec<Duration>,
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule {
            splay: Duration::from_secs(60),
            retries: [8, 16, 24].map(|hours| Duration::from_secs(hours * 3600)).to_vec(),
        }
    }
}

/// Whether a metric needs to be accepted before it leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConsentMode {
    /// The operator's categories and globs are the consent.
    #[default]
    Implicit,
    /// Each metric is accepted as it reads.
    Explicit,
}

/// What may leave this instance.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
pub struct Reporting {
    /// Whether payloads are collected for the maker at all.
    #[schemars(example = true)]
    pub enabled: bool,
    /// The kinds of metric that a payload may carry.
    #[schemars(with = "Vec<String>", example = ["standard", "subscription", "operational", "optional"])]
    pub categories: BTreeSet<DataCategory>,
    /// Key paths that no payload carries, as globs: `counts.jira_*`; a `*` also crosses dots.
    #[schemars(with = "Vec<String>", example = Vec::<String>::new())]
    pub disabled_metrics: MetricGlobs,
    /// `implicit`: all of that leaves. `explicit`: a metric leaves only as it read when it was accepted by
    /// `service-ping consent accept`; a new or changed one stays here until then.
    #[schemars(with = "String", example = &"implicit")]
    pub consent: ConsentMode,
    #[schemars(flatten)]
    pub product: ProductQueries,
    /// Whether the variable `DO_NOT_TRACK` asks for silence.
    #[schemars(skip)]
    pub do_not_track: bool,
}

impl Reporting {
    /// Whether anything may be sent: reporting is on, and `DO_NOT_TRACK` does not ask for silence.
    pub fn sending_allowed(&self) -> bool {
        self.enabled && !self.do_not_track
    }
}

impl Default for Reporting {
    fn default() -> Reporting {
        Reporting {
            enabled: true,
            categories: CATEGORIES.iter().map(|(_, category)| *category).collect(),
            disabled_metrics: MetricGlobs::default(),
            consent: ConsentMode::default(),
            product: ProductQueries::default(),
            do_not_track: false,
        }
    }
}

/// The categories by their names in the file.
pub(super) const CATEGORIES: [(&str, DataCategory); 4] = [
    ("standard", DataCategory::Standard),
    ("subscription", DataCategory::Subscription),
    ("operational", DataCategory::Operational),
    ("optional", DataCategory::Optional),
];
