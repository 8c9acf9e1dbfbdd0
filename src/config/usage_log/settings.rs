//! What a usage log is configured to be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;

use super::notice::Notice;
use crate::config::url::Url;

/// Where records of finished jobs go: the keys of the GitLab Runner's own file, under the same names.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
pub struct UsageLogSettings {
    /// Whether records are written at all.
    #[schemars(example = false)]
    pub enabled: bool,
    /// Who writes them: `logrotate` into files, `snowplow_billing` to a collector. One that is not known is left out.
    #[schemars(with = "Vec<String>", example = &["logrotate"])]
    pub writers: Vec<WriterKind>,
    /// Files that are turned over.
    pub logrotate: LogrotateSettings,
    /// Billing events to a Snowplow collector. Without `collector_uri` there is no such writer.
    pub snowplow_billing: Option<SnowplowBillingSettings>,
    /// What is to be said of the configuration although it is taken.
    #[schemars(skip)]
    pub notices: Vec<Notice>,
}

impl Default for UsageLogSettings {
    fn default() -> UsageLogSettings {
        UsageLogSettings {
            enabled: false,
            writers: vec![WriterKind::Logrotate],
            logrotate: LogrotateSettings::default(),
            snowplow_billing: None,
            notices: Vec::new(),
        }
    }
}

/// A writer, by the name that configurations have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriterKind {
    Logrotate,
    SnowplowBilling,
}

impl WriterKind {
    pub const ALL: [WriterKind; 2] = [WriterKind::Logrotate, WriterKind::SnowplowBilling];

    pub fn name(self) -> &'static str {
        match self {
            WriterKind::Logrotate => "logrotate",
            WriterKind::SnowplowBilling => "snowplow_billing",
        }
    }
}

/// A writer that is to be, with all that it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum WriterSettings {
    Logrotate(LogrotateSettings),
    SnowplowBilling(Box<SnowplowBillingSettings>),
}

impl WriterSettings {
    pub fn kind(&self) -> WriterKind {
        match self {
            WriterSettings::Logrotate(_) => WriterKind::Logrotate,
            WriterSettings::SnowplowBilling(_) => WriterKind::SnowplowBilling,
        }
    }

    /// Where it keeps what it is told: one writer uses it at a time.
    pub fn place(&self) -> &Path {
        match self {
            WriterSettings::Logrotate(settings) => &settings.log_dir,
            WriterSettings::SnowplowBilling(settings) => &settings.spool,
        }
    }
}

impl UsageLogSettings {
    /// The writers that are to be, in the order in which they are named.
    pub fn chosen(&self) -> Vec<WriterSettings> {
        let kinds = self.writers.iter().filter(|_| self.enabled);
        let chosen = kinds.filter_map(|kind| match kind {
            WriterKind::Logrotate => Some(WriterSettings::Logrotate(self.logrotate.clone())),
            WriterKind::SnowplowBilling => {
                let billing = self.snowplow_billing.clone()?;
                Some(WriterSettings::SnowplowBilling(Box::new(billing)))
            }
        });
        chosen.collect()
    }
}

/// Files of records that are turned over by age and size.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct LogrotateSettings {
    /// Their folder; `usage-log` beside this file if it is not said.
    #[schemars(with = "String", example = &"usage-log")]
    pub log_dir: PathBuf,
    /// How many files there are at most, the one that is written included.
    #[schemars(example = 14)]
    pub max_backup_files: usize,
    /// How old a file grows before the next begins: a duration as Go writes it, or nanoseconds.
    #[schemars(with = "String", example = &"24h")]
    pub max_rotation_age: Duration,
    /// How many MiB a file grows to before the next begins, 1 to 1048576. Left out, any number.
    #[schemars(with = "u32", example = 100)]
    pub max_file_mib: Option<u32>,
    /// Whether the disk is waited for after each record.
    #[schemars(example = false)]
    pub fsync: bool,
    /// Whether a file is compressed once the next has begun.
    #[schemars(example = false)]
    pub gzip: bool,
    /// Labels of every record in these files; they win over a record's own.
    #[schemars(with = "BTreeMap<String, String>", skip)]
    pub labels: BTreeMap<String, String>,
}

/// How many files there are, and how old they grow, where nothing is said.
pub(super) const FILES: usize = 14;
pub(super) const AGE: Duration = Duration::from_secs(24 * 3600);

impl Default for LogrotateSettings {
    fn default() -> LogrotateSettings {
        LogrotateSettings {
            log_dir: std::env::temp_dir().join("usage-logger"),
            max_backup_files: FILES,
            max_rotation_age: AGE,
            max_file_mib: None,
            fsync: false,
            gzip: false,
            labels: BTreeMap::new(),
        }
    }
}

/// Billing events of records, by way of a spool to a Snowplow collector.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
pub struct SnowplowBillingSettings {
    /// The collector's address; the path of events is added where it has none.
    #[schemars(with = "String", example = &"https://snowplow.example.com")]
    pub collector_uri: Url,
    /// The application that events are of.
    #[schemars(example = &"gitlab-runner")]
    pub app_id: String,
    /// Which of its trackers.
    #[schemars(with = "String", example = &"")]
    pub namespace: Option<String>,
    /// What kind of usage it is: category and type of each event.
    #[schemars(example = &"runner_compute_usage")]
    pub category: String,
    /// Where jobs run: `SM`, `SaaS` or `Dedicated`.
    #[schemars(example = &"SM")]
    pub realm: String,
    /// The same as `self-managed`, `.com` or `dedicated`.
    #[schemars(example = &"self-managed")]
    pub deployment_type: String,
    /// Whether a token of the machine's cloud goes along.
    #[schemars(example = false)]
    pub enable_oidc: bool,
    /// Whether events go without a token where the machine's cloud has none for us; else there is no such writer then.
    #[schemars(example = true)]
    pub skip_oidc_if_unsupported_cloud: bool,
    /// Whether jobs that ended by the runner's own fault are left out.
    #[schemars(example = true)]
    pub skip_runner_system_failure: bool,
    /// Upper bounds, in seconds, of the buckets that requests are counted in by their duration.
    #[schemars(example = &[0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])]
    pub batch_delivery_duration_buckets: Vec<f64>,
    /// Whether what is attached to events is base64 or plain text.
    #[schemars(example = true)]
    pub base64_encode: bool,
    /// Events of one request at most, 1 to 1000.
    #[schemars(example = 100)]
    pub send_limit: u32,
    /// The version of the schema of billing events: `1-0-1`, `1-0-2` or `1-0-3`.
    #[schemars(example = &"1-0-2")]
    pub schema_version: String,
    /// What events are: `structured` with the usage attached, or `self_describing`.
    #[schemars(example = &"structured")]
    pub shape: String,
    /// The folder that events wait in; `usage-log-spool` beside this file if it is not said.
    #[schemars(with = "String", example = &"usage-log-spool")]
    pub spool: PathBuf,
    /// MiB that it may take, 1 to 65536.
    #[schemars(example = 256)]
    pub spool_mib: u32,
    /// When the disk is waited for: `always`, at an `interval` of 200ms, or `never`.
    #[schemars(example = &"always")]
    pub fsync: String,
    /// What each event's metadata says beside the job.
    #[schemars(with = "BTreeMap<String, serde_json::Value>", skip)]
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// What stands in for Google Cloud's metadata server: the variable `GCE_METADATA_HOST`.
    #[schemars(skip)]
    pub metadata_host: Option<String>,
}
