//! Metrics of a bench, as the files of definitions that authors write.

use std::fmt::Write;

/// One metric.
#[derive(Debug, Clone)]
pub struct Metric {
    pub key_path: String,
    time_frame: &'static str,
    value_type: &'static str,
    is_approximate: bool,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Database {
        operation: &'static str,
        relation: String,
        column: Option<String>,
    },
    /// The sum of other metrics.
    Numbers(Vec<String>),
}

impl Metric {
    /// How many rows a relation has.
    pub fn count(key_path: impl Into<String>, relation: impl Into<String>) -> Metric {
        Metric {
            key_path: key_path.into(),
            time_frame: "all",
            value_type: "number",
            is_approximate: false,
            kind: Kind::Database {
                operation: "count",
                relation: relation.into(),
                column: None,
            },
        }
    }

    /// Another operation, over a column.
    pub fn of(
        key_path: impl Into<String>,
        operation: &'static str,
        relation: impl Into<String>,
        column: &str,
    ) -> Metric {
        let relation = relation.into();
        let kind = Kind::Database {
            operation,
            relation,
            column: Some(column.to_owned()),
        };
        Metric {
            kind,
            ..Metric::count(key_path, "")
        }
    }

    pub fn sum_of(key_path: impl Into<String>, parts: Vec<String>) -> Metric {
        Metric {
            kind: Kind::Numbers(parts),
            ..Metric::count(key_path, "")
        }
    }

    /// Over a window of time, `28d` or `7d`.
    pub fn within(mut self, time_frame: &'static str) -> Metric {
        self.time_frame = time_frame;
        self
    }

    /// Of rows that may be updated while they are counted.
    pub fn approximate(mut self) -> Metric {
        self.is_approximate = true;
        self
    }

    /// With a number for each group.
    pub fn grouped(mut self) -> Metric {
        self.value_type = "object";
        self
    }

    /// The file's text. Texts are quoted, as conditions hold what YAML reads otherwise.
    pub fn yaml(&self) -> String {
        let Metric {
            key_path,
            time_frame,
            value_type,
            ..
        } = self;
        let mut text = format!(
            "key_path: {key_path}\ndescription: A figure of the bench\nproduct_group: bench\nvalue_type: {value_type}\n\
             status: active\nmilestone: \"0.1\"\ntime_frame: {time_frame}\ndata_source: database\n\
             data_category: optional\n"
        );
        match &self.kind {
            Kind::Database {
                operation,
                relation,
                column,
            } => {
                let _ = write!(
                    text,
                    "instrumentation_class: DatabaseMetric\noptions:\n  operation: {operation}\n  relation: {relation:?}\n"
                );
                if let Some(column) = column {
                    let _ = writeln!(text, "  column: {column}");
                }
                if self.is_approximate {
                    text.push_str("  consistency: approximate\n");
                }
            }
            Kind::Numbers(parts) => {
                let parts = parts.join(", ");
                let _ = write!(
                    text,
                    "instrumentation_class: NumbersMetric\noptions:\n  operation: add\n  metrics: [{parts}]\n"
                );
            }
        }
        text
    }
}

/// Numbers drawn from a fixed seed (SplitMix64), so that every run has the same definitions.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}
