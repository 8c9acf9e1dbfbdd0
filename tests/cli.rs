//! The program as a stranger uses it: the built binary in temporary folders.

mod support;

#[path = "cli/baseline.rs"]
mod baseline;
#[path = "cli/bundles.rs"]
mod bundles;
#[path = "cli/completions.rs"]
mod completions;
#[path = "cli/configuration.rs"]
mod configuration;
#[path = "cli/consent.rs"]
mod consent;
#[path = "cli/console.rs"]
mod console;
#[path = "cli/delivery.rs"]
mod delivery;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/disclosure.rs"]
mod disclosure;
#[path = "cli/documents.rs"]
mod documents;
#[path = "cli/event_faults.rs"]
mod event_faults;
#[path = "cli/events.rs"]
mod events;
#[path = "cli/exit_codes.rs"]
mod exit_codes;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/explicit_consent.rs"]
mod explicit_consent;
#[path = "cli/gitlab.rs"]
mod gitlab;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/history.rs"]
mod history;
#[path = "cli/hooks.rs"]
mod hooks;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/instance.rs"]
mod instance;
#[path = "cli/interruption.rs"]
mod interruption;
#[path = "cli/leaks.rs"]
mod leaks;
#[path = "cli/live.rs"]
mod live;
#[path = "cli/man.rs"]
mod man;
#[path = "cli/metric.rs"]
mod metric;
#[path = "cli/new.rs"]
mod new;
#[path = "cli/open_metrics.rs"]
mod open_metrics;
#[path = "cli/permission.rs"]
mod permission;
#[path = "cli/plan.rs"]
mod plan;
#[path = "cli/probes.rs"]
mod probes;
#[path = "cli/receiver.rs"]
mod receiver;
#[path = "cli/run.rs"]
mod run;
#[path = "cli/serve.rs"]
mod serve;
#[path = "cli/streams.rs"]
mod streams;
#[path = "cli/submit.rs"]
mod submit;
#[path = "cli/usage.rs"]
mod usage;
#[path = "cli/validate.rs"]
mod validate;
