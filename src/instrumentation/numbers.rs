//! `NumbersMetric`: the sum of other metrics.

use serde_json::{Map, Value};

use super::{Context, InstrumentationClass, Request, class_of, invalid_options, take_only, text_option};
use crate::definition::{Status, TimeFrame};
use crate::measure::{Failure, Measure, Reason};

/// Sums may hold sums, but not for ever.
const DEEPEST: usize = 8;

/// `options: {operation: add, metrics: [key paths]}`, or `data: [{instrumentation_class, options, time_frame}]` in place.
pub(super) struct NumbersMetric;

impl InstrumentationClass for NumbersMetric {
    fn name(&self) -> &str {
        "NumbersMetric"
    }

    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["operation", "metrics", "data"])?;
        let operation = text_option(request.options, "operation")?;
        if operation != "add" {
            return Err(invalid_options(format!(
                "operation {operation:?} is not known; a sum is \"add\""
            )));
        }
        if context.depth >= DEEPEST {
            return Err(invalid_options("the sums refer to each other, or are nested too deep"));
        }
        let inner = Context {
            depth: context.depth + 1,
            ..*context
        };
        let mut parts = Vec::new();
        for key_path in list(request.options, "metrics")? {
            parts.push(metric(key_path, &inner)?);
        }
        for part in list(request.options, "data")? {
            parts.push(in_place(part, request, &inner)?);
        }
        Ok(Measure::Sum(parts))
    }
}

fn list<'a>(options: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], Failure> {
    match options.get(name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(invalid_options(format!("option {name:?} is not a list"))),
    }
}

fn metric(key_path: &Value, context: &Context<'_>) -> Result<Measure, Failure> {
    let key_path = key_path
        .as_str()
        .ok_or_else(|| invalid_options("option \"metrics\" lists key paths"))?;
    let definition = context
        .catalog
        .metric(key_path)
        .filter(|definition| definition.status != Status::Removed);
    let definition = definition.ok_or_else(|| invalid_options(format!("there is no metric {key_path:?} to add")))?;
    let class = class_of(definition);
    let class = class.ok_or_else(|| invalid_options(format!("metric {key_path:?} names no instrumentation class")))?;
    part(class, &Request::of(definition), context)
}

fn in_place(part_of: &Value, whole: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
    let object = part_of
        .as_object()
        .ok_or_else(|| invalid_options("option \"data\" lists mappings"))?;
    take_only(object, &["instrumentation_class", "options", "time_frame"])?;
    let class = text_option(object, "instrumentation_class")?;
    let time_frame = match object.get("time_frame") {
        None => whole.time_frame,
        Some(Value::String(name)) => {
            time_frame_of(name).ok_or_else(|| invalid_options(format!("there is no time frame {name:?}")))?
        }
        Some(_) => return Err(invalid_options("option \"time_frame\" is not text")),
    };
    let none = Map::new();
    let options = match object.get("options") {
        None => &none,
        Some(Value::Object(options)) => options,
        Some(_) => return Err(invalid_options("option \"options\" is not a mapping")),
    };
    let request = Request {
        options,
        time_frame,
        data_source: whole.data_source,
        events: &[],
    };
    part(class, &request, context)
}

fn time_frame_of(name: &str) -> Option<TimeFrame> {
    let frames = [
        TimeFrame::SevenDays,
        TimeFrame::TwentyEightDays,
        TimeFrame::All,
        TimeFrame::None,
    ];
    frames.into_iter().find(|frame| frame.as_str() == name)
}

fn part(class: &str, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
    let unknown = || {
        Failure::new(
            Reason::UnknownInstrumentationClass,
            format!("there is no class {class:?} to add"),
        )
    };
    let class = context.registry.class(class, context.catalog).ok_or_else(unknown)?;
    class.describe(request, context)
}
