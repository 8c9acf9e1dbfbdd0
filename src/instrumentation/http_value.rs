//! `HttpValueMetric`: a part of what a component of the instance answers.

use serde_json::{Map, Value};

use super::typed::typed;
use super::{Context, InstrumentationClass, Request, invalid_options, take_only, text_option};
use crate::definition::{DataSource, ValueType};
use crate::measure::{Failure, HttpMeasure, HttpPart, Measure, Reading};

/// `options: {component: gitaly, pointer: /version}`; in place of the pointer, `header` or `pattern`, or nothing for the
/// whole text. A definition names a component, never an address. `setting` is a key of `[settings]` that stands in for a
/// component that is not configured.
pub(super) struct HttpValueMetric;

pub(super) const OPTIONS: [&str; 5] = ["component", "setting", "pointer", "header", "pattern"];

impl InstrumentationClass for HttpValueMetric {
    fn name(&self) -> &str {
        "HttpValueMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::System
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &OPTIONS)?;
        asked(request.options)
    }

    fn shape(&self, reading: Reading, value_type: ValueType) -> Result<Value, Failure> {
        typed(reading.to_json(), value_type)
    }
}

/// The measure that options of a component describe.
pub(super) fn asked(options: &Map<String, Value>) -> Result<Measure, Failure> {
    Ok(Measure::Http(Box::new(HttpMeasure {
        component: text_option(options, "component")?.to_owned(),
        part: part(options)?,
        setting: match options.get("setting") {
            Some(_) => Some(text_option(options, "setting")?.to_owned()),
            None => None,
        },
    })))
}

fn part(options: &Map<String, Value>) -> Result<HttpPart, Failure> {
    let given: Vec<&str> = OPTIONS
        .into_iter()
        .skip(2)
        .filter(|name| options.contains_key(*name))
        .collect();
    let name = match given.as_slice() {
        [] => return Ok(HttpPart::Text),
        [name] => *name,
        several => {
            let message = format!("options {} exclude each other", several.join(" and "));
            return Err(invalid_options(message));
        }
    };
    let text = text_option(options, name)?.to_owned();
    match name {
        "pointer" if !text.is_empty() && !text.starts_with('/') => {
            Err(invalid_options("option \"pointer\": a JSON pointer begins with /"))
        }
        "pointer" => Ok(HttpPart::Pointer(text)),
        "header" => Ok(HttpPart::Header(text)),
        _ => match regex::Regex::new(&text) {
            Ok(_) => Ok(HttpPart::Pattern(text)),
            Err(error) => Err(invalid_options(format!("option \"pattern\": {error}"))),
        },
    }
}
