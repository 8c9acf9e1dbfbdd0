//! `TopologyMetric`: the nodes that the product runs on and the services on each, as Prometheus has seen them in a week
//! (spec 10).

mod instance;
mod services;
mod shape;

use serde_json::{Map, Value, json};

use super::{Context, InstrumentationClass, Request, take_only};
use crate::definition::{DataSource, TimeFrame, ValueType};
use crate::measure::{Failure, Measure, NamedQuery, PrometheusMeasure, Reading, Reason};

/// Asked in this order, as GitLab does (spec 10.2); the names are those of its list of failures.
const QUERIES: [(&str, Over, &str); 12] = [
    ("app_requests", Over::Average, "gitlab_usage_ping:ops:rate5m"),
    (
        "query_apdex",
        Over::Average,
        "gitlab_usage_ping:sql_duration_apdex:ratio_rate5m",
    ),
    (
        "node_memory",
        Over::Maximum,
        "gitlab_usage_ping:node_memory_total_bytes:max",
    ),
    (
        "node_memory_utilization",
        Over::Average,
        "gitlab_usage_ping:node_memory_utilization:avg",
    ),
    ("node_cpus", Over::Maximum, "gitlab_usage_ping:node_cpus:count"),
    (
        "node_cpu_utilization",
        Over::Average,
        "gitlab_usage_ping:node_cpu_utilization:avg",
    ),
    ("node_uname_info", Over::Now, "node_uname_info"),
    (
        "service_rss",
        Over::Average,
        "gitlab_usage_ping:node_service_process_resident_memory_bytes:avg",
    ),
    (
        "service_uss",
        Over::Average,
        "gitlab_usage_ping:node_service_process_unique_memory_bytes:avg",
    ),
    (
        "service_pss",
        Over::Average,
        "gitlab_usage_ping:node_service_process_proportional_memory_bytes:avg",
    ),
    (
        "service_process_count",
        Over::Average,
        "gitlab_usage_ping:node_service_process:count",
    ),
    (
        "service_workers",
        Over::Now,
        "gitlab_usage_ping:node_service_app_server_workers:sum",
    ),
];

/// What of a week a query asks for.
#[derive(Clone, Copy)]
enum Over {
    Average,
    Maximum,
    /// The present alone.
    Now,
}

impl Over {
    /// The PromQL, in GitLab's spelling.
    fn query(self, series: &str) -> String {
        match self {
            Over::Average => format!("avg_over_time ({series}[1w])"),
            Over::Maximum => format!("max_over_time ({series}[1w])"),
            Over::Now => series.to_owned(),
        }
    }
}

/// Takes no options.
pub(super) struct TopologyMetric;

impl InstrumentationClass for TopologyMetric {
    fn name(&self) -> &str {
        "TopologyMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::Prometheus
    }

    fn time_frame(&self) -> TimeFrame {
        TimeFrame::None
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &[])?;
        let queries = QUERIES.map(|(name, over, series)| NamedQuery {
            name: name.to_owned(),
            query: over.query(series),
        });
        Ok(Measure::Prometheus(Box::new(PrometheusMeasure::Queries(
            queries.into(),
        ))))
    }

    fn shape(&self, reading: Reading, _value_type: ValueType) -> Result<Value, Failure> {
        match reading {
            Reading::Answers(answers) => Ok(shape::topology(*answers)),
            _ => Err(Failure::new(
                Reason::WrongType,
                "the reading holds no answers of Prometheus",
            )),
        }
    }

    /// What stands without a server.
    fn fallback(&self, _options: &Map<String, Value>) -> Option<Value> {
        Some(json!({"duration_s": 0.0, "failures": []}))
    }
}
