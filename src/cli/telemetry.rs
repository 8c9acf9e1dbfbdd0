//! The collector that runs are told to, if the configuration names one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::CliError;
use crate::config::{Config, Secret};
use crate::emit::otlp::{Collector, CollectorConfig, Resource, Span};

/// For all that a run has to tell, from the end of its work on.
const PATIENCE: Duration = Duration::from_secs(5);

/// What waits to be told.
pub(super) struct Telemetry {
    collector: Option<Collector>,
    waiting: Mutex<Option<(Uuid, Vec<Span>)>>,
}

impl Telemetry {
    /// Nothing is connected to yet, and never where no collector is configured.
    pub(super) fn of(config: &Config) -> Result<Telemetry, CliError> {
        let telemetry = &config.telemetry;
        let collector = telemetry.otlp.as_ref().map(|url| {
            Collector::new(&CollectorConfig {
                url: url.expose().to_owned(),
                token: telemetry.otlp_token.as_ref().map(Secret::expose).map(str::to_owned),
                headers: telemetry
                    .otlp_headers
                    .iter()
                    .map(|header| (header.name.clone(), header.value.expose().to_owned()))
                    .collect(),
            })
        });
        let unusable = |error| CliError::Other(format!("[telemetry] otlp: {error}"));
        Ok(Telemetry {
            collector: collector.transpose().map_err(unusable)?,
            waiting: Mutex::default(),
        })
    }

    pub(super) fn is_on(&self) -> bool {
        self.collector.is_some()
    }

    /// Takes the spans of a run of the instance, to be told when nothing waits for it any more.
    pub(super) fn add(&self, instance: Uuid, spans: Vec<Span>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some((instance, spans));
    }

    /// Tells what waits. A collector that is away, slow or no collector is said once, and changes nothing else.
    pub(super) async fn flush(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(collector), Some((instance, spans))) = (&self.collector, waiting) else {
            return;
        };
        let resource = Resource::of_instance(instance.to_string());
        let deadline = Instant::now() + PATIENCE;
        match collector.export(&resource, &spans, deadline).await {
            Ok(exported) if exported.rejected == 0 => {
                tracing::debug!(spans = exported.taken, "The collector has the run's trace.");
            }
            Ok(exported) => tracing::warn!(
                rejected = exported.rejected,
                taken = exported.taken,
                "The collector of [telemetry] otlp did not want a part of the run's trace."
            ),
            Err((error, exported)) => tracing::warn!(
                %error,
                lost = spans.len() - exported.taken - exported.rejected,
                taken = exported.taken,
                "The collector of [telemetry] otlp does not have the run's trace."
            ),
        }
    }
}
