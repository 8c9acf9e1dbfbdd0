//! The key of a plain counter (spec 3.3, 5).

use serde_json::{Map, Value};

/// A counter that a `RedisMetric` reads and `increment` raises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterKey {
    /// What it is incremented as: `<prefix>_<event>`.
    pub name: String,
    /// `USAGE_SOURCE_CODE_PUSHES`.
    pub key: String,
}

impl CounterKey {
    /// The counter of a `RedisMetric`'s options: `event`, and either `prefix`, which may be null, with
    /// `include_usage_prefix`, or the `counter_class` of 2022.
    ///
    /// # Errors
    /// The option that is missing or wrong.
    pub fn from_options(options: &Map<String, Value>) -> Result<CounterKey, String> {
        let event = match options.get("event") {
            Some(Value::String(event)) if !event.is_empty() => event,
            Some(Value::String(_) | Value::Null) | None => return Err("option \"event\" is missing".to_owned()),
            Some(_) => return Err("option \"event\" is not a text".to_owned()),
        };
        let (prefix, usual) = match (options.get("prefix"), options.get("counter_class")) {
            (Some(Value::String(prefix)), _) => (Some(prefix.clone()), true),
            (Some(Value::Null), _) => (None, true),
            (Some(_), _) => return Err("option \"prefix\" is neither a text nor null".to_owned()),
            (None, Some(Value::String(class))) => of_class(class),
            (None, Some(_)) => return Err("option \"counter_class\" is not a text".to_owned()),
            (None, None) => return Err("option \"prefix\" is missing: name the counter's, or write null".to_owned()),
        };
        let with_usage = match options.get("include_usage_prefix") {
            Some(Value::Bool(with)) => *with,
            Some(Value::Null) | None => usual,
            Some(_) => return Err("option \"include_usage_prefix\" is not true or false".to_owned()),
        };
        let name = match &prefix {
            Some(prefix) => format!("{prefix}_{event}"),
            None => event.clone(),
        };
        let usage = if with_usage { "USAGE_" } else { "" };
        Ok(CounterKey {
            key: format!("{usage}{name}").to_uppercase(),
            name,
        })
    }
}

/// `SourceCodeCounter` counts under the prefix `source_code`; the Web IDE's keys never had the common prefix.
fn of_class(class: &str) -> (Option<String>, bool) {
    let short = class.rsplit("::").next().unwrap_or(class);
    let prefix = snake_case(short.strip_suffix("Counter").unwrap_or(short));
    let usual = prefix != "web_ide";
    (Some(prefix), usual)
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
