//! What leaves event by event and job by job, as it is configured: nobody is connected to.

use super::finding::Finding;
use crate::cli::output::counted;
use crate::config::{Config, JobTelemetry};
use crate::emit::job_telemetry::{Endpoint, Protocol, TracingString, TracingTarget};
use crate::emit::snowplow::spool::Look;

pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let findings = [
        single_events(config),
        job_telemetry(&config.job_telemetry),
        usage_log(config),
    ];
    findings.into_iter().flatten().collect()
}

/// What waits for the collector of single events, where there is one.
fn single_events(config: &Config) -> Option<Finding> {
    const SUBJECT: &str = "single events";
    let snowplow = config.snowplow.as_ref()?;
    Some(match Look::at(&snowplow.spool) {
        Err(error) => Finding::ill(SUBJECT, error.to_string()),
        Ok(look) if look.dead_letters > 0 => Finding::ill(
            SUBJECT,
            format!(
                "{} of them were refused for good: service-ping snowplow dead-letters list shows why",
                look.dead_letters
            ),
        ),
        Ok(look) => Finding::well(SUBJECT, format!("{} wait for {}", look.pending, snowplow.collector)),
    })
}

/// Whom jobs are told of, where the operator has a collector.
fn job_telemetry(config: &JobTelemetry) -> Option<Finding> {
    const SUBJECT: &str = "job telemetry";
    if let Some(url) = &config.endpoint {
        let protocol = config.protocol.as_deref().and_then(Protocol::parse);
        return Some(match Endpoint::parse(url.expose(), protocol) {
            Ok(endpoint) => Finding::well(SUBJECT, format!("tells {url}, {}", endpoint.protocol().name())),
            Err(error) => Finding::ill(SUBJECT, format!("[job_telemetry] endpoint: {error}")),
        });
    }
    let text = config.gitlab_tracing.as_ref()?;
    Some(match TracingString::parse(text.expose()) {
        Err(error) => Finding::ill(SUBJECT, format!("GITLAB_TRACING: {error}")),
        Ok(tracing) => match tracing.target {
            TracingTarget::Console => Finding::well(SUBJECT, "tells the console, by GITLAB_TRACING"),
            TracingTarget::Endpoint(endpoint) => Finding::well(
                SUBJECT,
                format!(
                    "tells {}, {}, by GITLAB_TRACING",
                    endpoint.origin(),
                    endpoint.protocol().name()
                ),
            ),
        },
    })
}

/// Which writers the usage log has, and why one that is asked for is lacking.
fn usage_log(config: &Config) -> Option<Finding> {
    const SUBJECT: &str = "usage log";
    let settings = &config.experimental.usage_logger;
    if !settings.enabled {
        return None;
    }
    if let Some(lack) = settings.notices.iter().find(|notice| notice.kind.is_error()) {
        return Some(Finding::ill(
            SUBJECT,
            format!("{}: service-ping usage-log check", lack.kind),
        ));
    }
    let writers = settings.chosen();
    let names: Vec<&str> = writers.iter().map(|writer| writer.kind().name()).collect();
    Some(match names.as_slice() {
        [] => Finding::well(SUBJECT, "it has no writer"),
        names => Finding::well(
            SUBJECT,
            format!("{}: {}", counted(names.len(), "writer"), names.join(", ")),
        ),
    })
}
