//! Metrics that nobody answers for.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use super::code::Code;
use super::complaint::{At, Complaint};
use super::{Catalog, MetricDefinition};

/// The fields that say whose a metric is, of both eras.
const OWNERS: [&str; 5] = [
    "product_group",
    "product_category",
    "product_categories",
    "product_stage",
    "product_section",
];

/// Who looks at a set of definitions; a set in which nobody is named has one maker, who need not be told.
pub(super) struct Owners {
    are_named: bool,
}

impl Owners {
    pub fn of(catalog: &Catalog, made_of_lists: &HashSet<&Path>) -> Owners {
        let written = catalog
            .metrics
            .iter()
            .filter(|metric| !made_of_lists.contains(metric.file.as_path()));
        let are_named = written.into_iter().any(is_owned);
        Owners { are_named }
    }

    pub fn complaint(&self, metric: &MetricDefinition) -> Option<Complaint> {
        (self.are_named && !is_owned(metric)).then(|| {
            let message = "nobody owns this metric, and others of the set are owned";
            Complaint::warning(Code::MissingOwner, &["product_group".into()], message)
                .at(At::Key)
                .with_help("name who answers for it: `product_group: …`")
        })
    }
}

fn is_owned(metric: &MetricDefinition) -> bool {
    let says = |value: &Value| match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(names) => !names.is_empty(),
        _ => false,
    };
    OWNERS
        .iter()
        .any(|field| metric.attributes.get(*field).is_some_and(says))
}
