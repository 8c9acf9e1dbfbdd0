//! What verbs of single events begin with: permission, the spool, the tracker.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;

use crate::cli::message::note;
use crate::cli::output::counted;
use crate::cli::permission::Permission;
use crate::cli::setup::load_config;
use crate::cli::{CliError, Global, exit};
use crate::config::{self, Config, parse_duration};
use crate::emit::snowplow::spool::{Fsync, Spool, SpoolOptions};
use crate::emit::snowplow::token::{
    Cached, ClientCredentials, FileToken, GcpIam, GcpIdentity, OidcOptions, StaticToken, Token, TokenError, TokenSource,
};
use crate::emit::snowplow::{
    Base64, BillingShape, Destination, Emitter, EmitterOptions, SchemaVersion, Schemas, Storage, StorageError, Tracker,
    TrackerOptions,
};

/// How long another process' use of the spool is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

/// The configuration and its part about single events.
pub(super) fn configured(global: &Global) -> Result<(Config, config::Snowplow), CliError> {
    let config = load_config(global)?;
    let snowplow = config.snowplow.clone().ok_or(CliError::NoCollector)?;
    Ok((config, snowplow))
}

/// Whether anything may be sent; what forbids it is said.
pub(super) async fn is_permitted(config: &Config) -> Result<bool, CliError> {
    let permission = Permission::ask_once(config, Utc::now()).await?;
    if let Some(refusal) = permission.refusal {
        note(&format!("nothing is sent: {}", refusal.says()));
        refusal.note_next();
    }
    Ok(permission.refusal.is_none())
}

/// The spool, once no other process uses it.
pub(super) async fn open_spool(snowplow: &config::Snowplow) -> Result<Spool, CliError> {
    let mut left = PATIENCE;
    loop {
        match Spool::open(&snowplow.spool, spool_options(snowplow)) {
            Err(StorageError::InUse { .. }) if !left.is_zero() => {
                left = left.saturating_sub(LOOK);
                tokio::time::sleep(LOOK).await;
            }
            opened => return Ok(opened?),
        }
    }
}

pub(in crate::cli) fn spool_options(snowplow: &config::Snowplow) -> SpoolOptions {
    SpoolOptions {
        fsync: Fsync::parse(&snowplow.fsync).unwrap_or(Fsync::Always),
        max_bytes: u64::from(snowplow.spool_mib) * 1024 * 1024,
        ..SpoolOptions::default()
    }
}

/// A tracker whose events wait in a storage.
pub(in crate::cli) fn open_tracker(
    snowplow: &config::Snowplow,
    storage: Arc<dyn Storage>,
) -> Result<Tracker, CliError> {
    let destination = Destination {
        timeout: snowplow.timeout,
        token: token_source(snowplow)?,
        audience: snowplow.audience.clone(),
        allow_insecure_token: snowplow.allow_insecure_token,
        ..Destination::at(snowplow.collector.expose())
    };
    let options = EmitterOptions {
        batch_max_events: snowplow.batch as usize,
        ..EmitterOptions::default()
    };
    let emitter = Emitter::start(destination, storage, options, None);
    let emitter = emitter.map_err(|error| CliError::Other(format!("[snowplow]: {error}")))?;
    let options = TrackerOptions {
        app_id: snowplow.app_id.clone(),
        namespace: snowplow.namespace.clone(),
        user_agent: None,
        base64: Base64::parse(&snowplow.base64).unwrap_or_default(),
        schema_version: SchemaVersion::parse(&snowplow.schema_version).unwrap_or_default(),
        shape: BillingShape::parse(&snowplow.shape).unwrap_or_default(),
        schemas: snowplow.schemas.as_deref().map(|folder| Arc::new(Schemas::of(folder))),
    };
    Tracker::new(options, emitter).map_err(|error| CliError::Other(format!("[snowplow]: {error}")))
}

fn token_source(snowplow: &config::Snowplow) -> Result<Option<Arc<dyn TokenSource>>, CliError> {
    if let Some(token) = &snowplow.token {
        return Ok(Some(Arc::new(StaticToken(Token::new(token.expose(), None)))));
    }
    if let Some(file) = &snowplow.token_file {
        return Ok(Some(Arc::new(FileToken::new(file))));
    }
    let source = snowplow
        .token_from
        .as_deref()
        .map(|from| fetched(snowplow, from))
        .transpose();
    source.map_err(|error| CliError::Other(format!("[snowplow]: {error}")))
}

fn fetched(snowplow: &config::Snowplow, from: &str) -> Result<Arc<dyn TokenSource>, TokenError> {
    let host = snowplow.metadata_host.as_deref();
    Ok(match from {
        "gcp_identity" => Arc::new(Cached::new(GcpIdentity::new(host)?)),
        "gcp_iam" => Arc::new(Cached::new(GcpIam::new(host, None)?)),
        _ => Arc::new(Cached::new(ClientCredentials::new(OidcOptions {
            token_url: snowplow
                .oidc_url
                .as_ref()
                .map(|url| url.expose().to_owned())
                .unwrap_or_default(),
            client_id: snowplow.oidc_client_id.clone().unwrap_or_default(),
            client_secret: snowplow
                .oidc_client_secret
                .as_ref()
                .map(|secret| secret.expose().to_owned())
                .unwrap_or_default(),
            scope: None,
        })?)),
    })
}

/// Sends what waits until the deadline, and says what is left.
pub(in crate::cli) async fn drained(tracker: Tracker, deadline: Duration) -> Result<u8, CliError> {
    // What waits must not hold up the threads that wait for others.
    let drained = tokio::task::spawn_blocking(move || (tracker.drain(deadline), tracker.metrics())).await;
    let (report, metrics) = drained.map_err(|error| CliError::Other(format!("the drain broke off: {error}")))?;
    let mut code = exit::DONE;
    let dead = usize::try_from(metrics.dead_lettered()).unwrap_or(usize::MAX);
    if dead > 0 {
        note(&format!(
            "{} refused for good: service-ping snowplow dead-letters list shows why",
            were(dead)
        ));
        code = exit::NOT_DELIVERED;
    }
    if report.pending > 0 {
        let pending = usize::try_from(report.pending).unwrap_or(usize::MAX);
        note(&format!(
            "{} in the spool for the next time: service-ping snowplow drain sends what waits",
            waits(pending)
        ));
        code = exit::NOT_DELIVERED;
    }
    Ok(code)
}

fn were(events: usize) -> String {
    let verb = if events == 1 { "was" } else { "were" };
    format!("{} {verb}", counted(events, "event"))
}

fn waits(events: usize) -> String {
    let verb = if events == 1 { "waits" } else { "wait" };
    format!("{} {verb}", counted(events, "event"))
}

/// A time such as `10s`, as options are given it.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a whole number and ms, s, m or h, such as 10s".to_owned())
}
