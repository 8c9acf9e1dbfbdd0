//! The usage of a secondary site: four numbers of a week (spec 14).

use serde_json::{Map, Value};

/// A number, and what Prometheus is asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub promql: &'static str,
}

/// All fields, in the order of payloads.
pub const FIELDS: [Field; 4] = [
    Field {
        name: "git_fetch_event_count_weekly",
        promql: "round(sum(increase(grpc_server_handled_total{grpc_method=~\"SSHUploadPack|PostUploadPack\"}[7d])))",
    },
    Field {
        name: "git_push_event_count_weekly",
        promql: "round(sum(increase(grpc_server_handled_total{grpc_method=~\"SSHReceivePack|PostReceivePack\"}[7d])))",
    },
    Field {
        name: "proxy_remote_requests_event_count_weekly",
        promql: "round(sum(increase(gitlab_workhorse_http_geo_proxied_requests_total[7d])))",
    },
    Field {
        name: "proxy_local_requests_event_count_weekly",
        // The label's value is the route's own pattern.
        promql: "round(sum(increase(gitlab_workhorse_http_requests_total{route!=\"^/-/(readiness|liveness)$\"}[7d])))",
    },
];

/// What the fields held; `None` where Prometheus had nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    counts: [Option<i64>; FIELDS.len()],
}

impl Usage {
    /// The counts in the order of [`FIELDS`].
    pub fn new(counts: [Option<i64>; FIELDS.len()]) -> Usage {
        Usage { counts }
    }

    /// Each field's name and count.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, Option<i64>)> {
        FIELDS.iter().map(|field| field.name).zip(self.counts)
    }

    pub fn to_json(&self) -> Map<String, Value> {
        let entries = self.entries();
        entries
            .map(|(name, count)| (name.to_owned(), Value::from(count)))
            .collect()
    }

    /// Reads what [`Usage::to_json`] writes: these keys alone, each a number or null.
    ///
    /// # Errors
    /// Which key is wrong, without its value.
    pub fn from_json(object: &Map<String, Value>) -> Result<Usage, String> {
        if let Some(key) = object.keys().find(|key| FIELDS.iter().all(|field| field.name != **key)) {
            return Err(format!("there is no field {key:?}"));
        }
        let mut usage = Usage::default();
        for (field, count) in FIELDS.iter().zip(&mut usage.counts) {
            *count = match object.get(field.name) {
                None => return Err(format!("{} is missing", field.name)),
                Some(Value::Null) => None,
                Some(value) => {
                    let number = value.as_i64().filter(|number| *number >= 0);
                    Some(number.ok_or_else(|| format!("{} is neither a count nor null", field.name))?)
                }
            };
        }
        Ok(usage)
    }
}
