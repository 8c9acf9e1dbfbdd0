//! `usage-log check`: a configuration in full, with its defaults and what is to be said of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::output::{Format, counted, print};
use crate::cli::{CliError, Global, exit, message};
use crate::config::{
    DEFAULT_FILE, Environment, LogrotateSettings, SnowplowBillingSettings, UsageLogSettings, WriterSettings,
};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// A configuration with [experimental.usage_logger], such as a Runner's config.toml [default: that of --config]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(global: &Global, args: CheckArgs) -> Result<u8, CliError> {
    let file = args.file.or_else(|| global.config.clone());
    let file = file.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let settings = UsageLogSettings::load(&file, &Environment::from_process())?;
    settings
        .notices
        .iter()
        .for_each(|notice| message::problem(notice, global));
    let writers = settings.chosen();
    match args.format {
        Format::Human => print(&human(&settings, &writers))?,
        Format::Json => {
            let writers: Map<String, Value> = writers
                .iter()
                .map(|writer| (writer.kind().name().to_owned(), Value::from(told(writer))))
                .collect();
            let document = json!({
                "enabled": settings.enabled,
                "is_on": !writers.is_empty(),
                "writers": writers,
                "notices": settings.notices.iter().map(notice).collect::<Vec<Value>>(),
            });
            print(&format!("{document:#}\n"))?;
        }
    }
    let is_lacking = settings.notices.iter().any(|notice| notice.kind.is_error());
    Ok(if is_lacking { exit::INVALID } else { exit::DONE })
}

fn notice(notice: &crate::config::Notice) -> Value {
    json!({
        "place": notice.place.to_string(),
        "level": if notice.kind.is_error() { "error" } else { "warning" },
        "message": notice.kind.to_string(),
    })
}

fn human(settings: &UsageLogSettings, writers: &[WriterSettings]) -> String {
    let mut text = match (settings.enabled, writers.len()) {
        (false, _) => "the usage log is off: enabled = false\n".to_owned(),
        (true, 0) => "the usage log is off: it has no writer\n".to_owned(),
        (true, number) => format!("the usage log is on, with {}\n", counted(number, "writer")),
    };
    for writer in writers {
        text += &format!("\n{}\n", writer.kind().name());
        let told = told(writer);
        let width = told.keys().map(String::len).max().unwrap_or(0);
        for (key, value) in &told {
            let value = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            text += &format!("  {key:<width$}  {value}\n");
        }
    }
    text
}

/// All that a writer is told, under the keys of the configuration.
fn told(writer: &WriterSettings) -> Map<String, Value> {
    let told = match writer {
        WriterSettings::Logrotate(settings) => logrotate(settings),
        WriterSettings::SnowplowBilling(settings) => billing(settings),
    };
    match told {
        Value::Object(told) => told,
        _ => Map::new(),
    }
}

fn logrotate(settings: &LogrotateSettings) -> Value {
    json!({
        "log_dir": settings.log_dir.display().to_string(),
        "max_backup_files": settings.max_backup_files,
        "max_rotation_age": written(settings.max_rotation_age),
        "max_file_mib": settings.max_file_mib.map_or(Value::from("any"), Value::from),
        "fsync": settings.fsync,
        "gzip": settings.gzip,
        "labels": settings.labels,
    })
}

fn billing(settings: &SnowplowBillingSettings) -> Value {
    json!({
        // Displayed without its password.
        "collector_uri": settings.collector_uri.to_string(),
        "app_id": settings.app_id,
        "namespace": settings.namespace.clone().unwrap_or_default(),
        "category": settings.category,
        "realm": settings.realm,
        "deployment_type": settings.deployment_type,
        "metadata": settings.metadata,
        "enable_oidc": settings.enable_oidc,
        "skip_oidc_if_unsupported_cloud": settings.skip_oidc_if_unsupported_cloud,
        "skip_runner_system_failure": settings.skip_runner_system_failure,
        "batch_delivery_duration_buckets": settings.batch_delivery_duration_buckets,
        "base64_encode": settings.base64_encode,
        "send_limit": settings.send_limit,
        "schema_version": settings.schema_version,
        "shape": settings.shape,
        "spool": settings.spool.display().to_string(),
        "spool_mib": settings.spool_mib,
        "fsync": settings.fsync,
    })
}

/// A duration as Go writes it, such as `24h0m0s`, `1.5s` and `100ms`.
fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 {
        let (divisor, unit) = match duration.subsec_nanos() {
            1_000_000.. => (1_000_000.0, "ms"),
            1_000.. => (1_000.0, "µs"),
            _ => (1.0, "ns"),
        };
        return format!("{}{unit}", f64::from(duration.subsec_nanos()) / divisor);
    }
    let rest = Duration::new(seconds % 60, duration.subsec_nanos()).as_secs_f64();
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{rest}s"),
        (0, minutes) => format!("{minutes}m{rest}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}s"),
    }
}
