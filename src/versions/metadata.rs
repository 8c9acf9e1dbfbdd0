//! The metadata that follows a payload: how long each metric took.

use std::time::Duration;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::scrub::scrub;

/// How long each metric took, and why those without a value have none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metadata {
    /// The instance's uuid.
    #[serde(serialize_with = "as_text")]
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
    /// What went wrong: a reason code and a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The relative error that an estimate keeps to in at least 99 of 100 cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_bound: Option<f64>,
}

#[derive(Serialize)]
struct Body<'a> {
    metadata: &'a Metadata,
}

impl Metadata {
    /// The body of the metadata request, which is stored and sent.
    ///
    /// # Errors
    /// None that these types allow for; the serialiser's type says that there may be.
    pub fn to_body(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Body { metadata: self })
    }
}

impl MetricTiming {
    /// The error is scrubbed of secrets.
    pub fn new(name: String, time_elapsed: Duration, error: Option<&str>, error_bound: Option<f64>) -> MetricTiming {
        MetricTiming {
            name,
            time_elapsed: time_elapsed.as_secs_f64(),
            error: error.map(scrub),
            error_bound,
        }
    }
}

fn as_text<S: Serializer>(uuid: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(uuid)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::{Metadata, MetricTiming};

    #[test]
    fn says_what_the_contract_says() {
        let metric = |error, bound| MetricTiming::new("counts.issues".into(), Duration::from_millis(500), error, bound);
        let metrics = vec![metric(None, None), metric(Some("at redis://:p@h"), Some(2.0))];
        assert_eq!(
            Metadata {
                uuid: Uuid::nil(),
                metrics
            }
            .to_body()
            .unwrap(),
            r#"{"metadata":{"uuid":"00000000-0000-0000-0000-000000000000","metrics":[{"name":"counts.issues","time_elapsed":0.5},{"name":"counts.issues","time_elapsed":0.5,"error":"at redis://***@h","error_bound":2.0}]}}"#
        );
    }
}
