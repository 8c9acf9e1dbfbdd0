//! The metadata that follows a payload: how long each metric took.

use serde::Serialize;
use uuid::Uuid;

use super::scrub::scrub;

/// The body of the metadata request, before it is text.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// The instance's uuid.
    pub uuid: Uuid,
    pub metrics: Vec<MetricTiming>,
}

/// One metric's timing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricTiming {
    /// The dotted key path.
    pub name: String,
    /// Seconds.
    pub time_elapsed: f64,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The bound of an estimate's error, in the value's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_bound: Option<f64>,
}

#[derive(Serialize)]
struct Body {
    metadata: Inner,
}

#[derive(Serialize)]
struct Inner {
    uuid: String,
    metrics: Vec<MetricTiming>,
}

impl Metadata {
    /// The text that is stored and sent; errors are scrubbed of secrets.
    ///
    /// # Errors
    /// None that these types allow for; the serialiser's type says that there may be.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let metrics = self.metrics.iter().map(|metric| MetricTiming {
            error: metric.error.as_deref().map(scrub),
            ..metric.clone()
        });
        let metadata = Inner {
            uuid: self.uuid.to_string(),
            metrics: metrics.collect(),
        };
        serde_json::to_string(&Body { metadata })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Metadata, MetricTiming};

    #[test]
    fn says_what_the_contract_says() {
        let metric = |error: Option<&str>, error_bound| MetricTiming {
            name: "counts.issues".to_owned(),
            time_elapsed: 0.5,
            error: error.map(str::to_owned),
            error_bound,
        };
        let metrics = vec![metric(None, None), metric(Some("at redis://:p@h"), Some(2.0))];
        assert_eq!(
            Metadata {
                uuid: Uuid::nil(),
                metrics
            }
            .to_json()
            .unwrap(),
            r#"{"metadata":{"uuid":"00000000-0000-0000-0000-000000000000","metrics":[{"name":"counts.issues","time_elapsed":0.5},{"name":"counts.issues","time_elapsed":0.5,"error":"at redis://***@h","error_bound":2.0}]}}"#
        );
    }
}
