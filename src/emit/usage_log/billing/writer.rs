//! The writer `snowplow_billing`.

use std::sync::Arc;
use std::time::Duration;

use super::cloud::{Cloud, detect};
use super::view;
use crate::config::SnowplowBillingSettings;
use crate::emit::snowplow::spool::{Fsync, Spool, SpoolOptions};
use crate::emit::snowplow::token::{Cached, GcpIam, TokenSource};
use crate::emit::snowplow::{
    Base64, BillingShape, Destination, Emitter, EmitterOptions, SchemaVersion, StartError, Tracker, TrackerOptions,
};
use crate::emit::usage_log::error::WriteError;
use crate::emit::usage_log::record::Record;
use crate::emit::usage_log::writer::{Writer, Written};

/// Hands records to a tracker, whose events are in a spool once they are taken.
pub(in crate::emit::usage_log) struct BillingWriter {
    settings: SnowplowBillingSettings,
    version: SchemaVersion,
    tracker: Tracker,
}

impl BillingWriter {
    pub(in crate::emit::usage_log) fn open(settings: &SnowplowBillingSettings) -> Result<BillingWriter, WriteError> {
        let destination = Destination {
            token: token(settings)?,
            ..Destination::at(settings.collector_uri.expose())
        };
        let spool = SpoolOptions {
            fsync: Fsync::parse(&settings.fsync).unwrap_or(Fsync::Always),
            max_bytes: u64::from(settings.spool_mib) * 1024 * 1024,
            ..SpoolOptions::default()
        };
        let spool = Arc::new(Spool::open(&settings.spool, spool)?);
        let buckets = settings.batch_delivery_duration_buckets.iter().copied();
        let options = EmitterOptions {
            batch_max_events: settings.send_limit as usize,
            buckets: buckets.map(Duration::from_secs_f64).collect(),
            ..EmitterOptions::default()
        };
        let emitter = Emitter::start(destination, spool, options, None).map_err(|error| match error {
            StartError::Destination(error) => WriteError::Destination(error),
            StartError::Thread(error) => WriteError::Other(error.to_string()),
        })?;
        let version = SchemaVersion::parse(&settings.schema_version).unwrap_or_default();
        let options = TrackerOptions {
            app_id: settings.app_id.clone(),
            namespace: settings.namespace.clone(),
            base64: if settings.base64_encode {
                Base64::Standard
            } else {
                Base64::Off
            },
            schema_version: version,
            shape: BillingShape::parse(&settings.shape).unwrap_or_default(),
            ..TrackerOptions::default()
        };
        Ok(BillingWriter {
            settings: settings.clone(),
            version,
            tracker: Tracker::new(options, emitter)?,
        })
    }
}

/// Where tokens come from, if they are asked for and this machine's cloud has them.
fn token(settings: &SnowplowBillingSettings) -> Result<Option<Arc<dyn TokenSource>>, WriteError> {
    if !settings.enable_oidc {
        return Ok(None);
    }
    let host = settings.metadata_host.as_deref();
    match detect(host) {
        Cloud::Google => {
            let source = GcpIam::new(host, None).map_err(|error| WriteError::Other(error.to_string()))?;
            Ok(Some(Arc::new(Cached::new(source))))
        }
        Cloud::Amazon | Cloud::None if settings.skip_oidc_if_unsupported_cloud => Ok(None),
        Cloud::Amazon | Cloud::None => Err(WriteError::Other(
            "enable_oidc finds no token here: this machine is not at Google Cloud; set it to false, or \
             skip_oidc_if_unsupported_cloud to true to send without one"
                .to_owned(),
        )),
    }
}

impl Writer for BillingWriter {
    fn write(&mut self, record: &Record) -> Result<Written, WriteError> {
        match view::of(record, &self.settings, self.version) {
            Err(reason) => Ok(Written::Skipped(reason)),
            Ok(view) => {
                let (required, optional) = (&view.required, &view.optional);
                self.tracker
                    .track_stamped_billing_event(required, optional, &view.stamp)?;
                Ok(Written::Kept)
            }
        }
    }

    fn tracker(&self) -> Option<Tracker> {
        Some(self.tracker.clone())
    }

    fn close(self: Box<Self>, deadline: Duration) -> u64 {
        self.tracker.drain(deadline).pending
    }
}
