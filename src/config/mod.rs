//! `service-ping.toml` and its environment, typed, with every problem reported at once.
//!
//! The way of a value: the file's tree, the variables `SERVICE_PING__SECTION__KEY` laid over it, `${VAR}` filled in as a
//! string is read, then the typed [`Config`]. Nothing here touches the process' environment but
//! [`Environment::from_process`], and a secret is shown neither by `Debug`, nor by `Display`, nor in the source excerpt
//! of an error.

mod component;
mod document;
mod duration;
mod environment;
mod event_store;
mod geo;
mod globs;
mod hooks;
mod hours;
mod interpolate;
mod job_telemetry;
mod license;
mod load;
mod mask;
mod problem;
mod product;
mod prometheus;
mod reader;
mod run;
mod sample;
mod schedule;
mod secret;
mod section;
mod server;
mod setting_sources;
mod settings;
mod snowplow;
mod telemetry;
mod throttle;
mod token_keys;
mod tree;
mod types;
mod url;
mod usage_log;

pub use component::Component;
pub use duration::parse_duration;
pub use environment::Environment;
pub use geo::{Geo, GeoRole};
pub use globs::MetricGlobs;
pub use hooks::Hooks;
pub use hours::Hours;
pub use job_telemetry::JobTelemetry;
pub use license::License;
pub use mask::mask_secrets;
pub use problem::{ConfigErrors, Place, Problem, ProblemKind};
pub use product::ProductQueries;
pub use prometheus::{Prometheus, PrometheusAddress};
pub use sample::{sample, schema};
pub use secret::Secret;
pub use server::Server;
pub use setting_sources::SettingSources;
pub use snowplow::Snowplow;
pub use telemetry::{Header, Telemetry};
pub use throttle::Throttle;
pub use types::{
    Config, ConsentMode, DEFAULT_FILE, Database, EventStore, Instance, Reporting, Run, Schedule, State, Versions,
};
pub use url::{Url, UrlError};
pub use usage_log::{
    Experimental, LogrotateSettings, Notice, NoticeKind, SnowplowBillingSettings, UsageLogSettings, WriterKind,
    WriterSettings,
};
