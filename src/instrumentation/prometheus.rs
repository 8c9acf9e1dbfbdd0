//! `PrometheusMetric`: what one PromQL query gives.

use super::{Context, InstrumentationClass, Request, invalid_options, take_only, text_option};
use crate::definition::{DataSource, TimeFrame};
use crate::measure::{Failure, Measure, PrometheusMeasure, PrometheusValue};

/// `options: {query: sum by (job) (up), value: by_label, unit: processes}`.
///
/// `value` is `vector` (the first sample's; the default), `scalar` or `by_label` (an object; `label` names which). `unit`
/// says to readers what is counted.
pub(super) struct PrometheusMetric;

impl InstrumentationClass for PrometheusMetric {
    fn name(&self) -> &str {
        "PrometheusMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::Prometheus
    }

    fn time_frame(&self) -> TimeFrame {
        TimeFrame::None
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["query", "value", "label", "unit"])?;
        let query = text_option(request.options, "query")?.trim();
        if query.is_empty() {
            return Err(invalid_options("option \"query\" is empty"));
        }
        if request.options.contains_key("unit") {
            text_option(request.options, "unit")?;
        }
        Ok(Measure::Prometheus(Box::new(PrometheusMeasure::Value {
            query: query.to_owned(),
            value: value(request)?,
        })))
    }
}

fn value(request: &Request<'_>) -> Result<PrometheusValue, Failure> {
    let options = request.options;
    let label = match options.contains_key("label") {
        true => Some(text_option(options, "label")?.to_owned()),
        false => None,
    };
    let value = match options.contains_key("value") {
        true => text_option(options, "value")?,
        false => "vector",
    };
    match (value, label) {
        ("by_label", label) => Ok(PrometheusValue::ByLabel(label)),
        (_, Some(_)) => Err(invalid_options("option \"label\" goes with `value: by_label` alone")),
        ("vector", None) => Ok(PrometheusValue::Vector),
        ("scalar", None) => Ok(PrometheusValue::Scalar),
        _ => Err(invalid_options("option \"value\" is none of vector, scalar, by_label")),
    }
}
