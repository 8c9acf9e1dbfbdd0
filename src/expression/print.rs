//! A line as text again: what is printed is parsed as the same.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::tree::{Asked, Call, End, Expression, Line, MetricAsked};
use crate::measure::Number;

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Line::Empty => Ok(()),
            Line::Bind { name, expression } => write!(f, "{name} = {expression}"),
            Line::Value(expression) => write!(f, "{expression}"),
            Line::Metric(asked) => write!(f, "metric {asked}"),
            Line::Sql(asked) => write!(f, "sql {asked}"),
            Line::Explain(asked) => write!(f, "explain {asked}"),
            Line::Track { name, values } => {
                write!(f, "track {}", word(name))?;
                values.iter().try_for_each(|value| write!(f, " {}", word(value)))
            }
            Line::UniqueEvents { names, from, to } => {
                write!(f, "unique_events")?;
                names.iter().try_for_each(|name| write!(f, " {}", word(name)))?;
                from.iter().try_for_each(|day| write!(f, " from: {day}"))?;
                to.iter().try_for_each(|day| write!(f, " to: {day}"))
            }
            Line::Tables(glob) => with(f, "tables", glob.as_deref()),
            Line::Columns(table) => with(f, "columns", Some(table)),
            Line::Metrics(glob) => with(f, "metrics", glob.as_deref()),
            Line::Events(glob) => with(f, "events", glob.as_deref()),
            Line::Help(topic) => with(f, "help", topic.as_deref()),
            Line::Quit => f.write_str("quit"),
        }
    }
}

fn with(f: &mut Formatter<'_>, statement: &str, argument: Option<&str>) -> fmt::Result {
    f.write_str(statement)?;
    argument
        .iter()
        .try_for_each(|argument| write!(f, " {}", word(argument)))
}

/// A word as it stands, or in quotes where it would not be one.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '*' | '?' | '/' | '@');
    if !text.is_empty() && text.chars().all(plain) && !text.contains("/*") && !text.contains("*/") {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "''"))
}

impl Display for MetricAsked {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&word(&self.name))?;
        if let Some(frame) = self.time_frame {
            write!(f, " time_frame: {}", frame.as_str())?;
        }
        self.options
            .iter()
            .try_for_each(|(name, value): (&String, &Value)| write!(f, " {name}: {}", yaml(value)))
    }
}

/// A value as YAML on one line, which the console's tokens take for closed quotes: no quote stands within a text.
fn yaml(value: &Value) -> String {
    match value {
        Value::String(text) => yaml_text(text),
        Value::Array(items) => format!("[{}]", items.iter().map(yaml).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{}: {}", yaml_text(name), yaml(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn yaml_text(text: &str) -> String {
    let escaped = |c: char| match c {
        ' ' => c.to_string(),
        '"' | '\\' => format!("\\x{:02X}", u32::from(c)),
        _ if c.is_ascii_graphic() => c.to_string(),
        _ => format!("\\U{:08X}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

impl Display for Asked {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Asked::Expression(expression) => write!(f, "{expression}"),
            Asked::Query(sql) => f.write_str(sql),
        }
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Call(call) => write!(f, "{call}"),
            Expression::Add(parts) => {
                let parts: Vec<String> = parts.iter().map(Expression::to_string).collect();
                write!(f, "add({})", parts.join(", "))
            }
            Expression::Number(Number::Integer(integer)) => write!(f, "{integer}"),
            // Never with an exponent, which the grammar does not have; with a fraction, lest it be read as an integer.
            Expression::Number(Number::Float(float)) if float.fract() == 0.0 => write!(f, "{float:.1}"),
            Expression::Number(Number::Float(float)) => write!(f, "{float}"),
            Expression::Name(name) => f.write_str(name),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}", self.operator.as_str(), self.relation)?;
        let mut say = |name: &str, value: Option<String>| match value {
            Some(value) => write!(f, ", {name}: {value}"),
            None => Ok(()),
        };
        say("column", self.column.clone())?;
        say("start", self.start.as_ref().map(End::to_string))?;
        say("finish", self.finish.as_ref().map(End::to_string))?;
        say("batch_size", self.batch_size.map(|size| size.to_string()))?;
        say("database", self.database.clone())?;
        say("timestamp_column", self.timestamp_column.clone())?;
        say("time_frame", self.time_frame.map(|frame| frame.as_str().to_owned()))?;
        say("buckets", self.buckets.map(|(from, to)| format!("{from}..{to}")))?;
        say("bucket_size", self.bucket_size.map(|size| size.to_string()))?;
        f.write_str(")")
    }
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            End::Integer(integer) => write!(f, "{integer}"),
            End::Query(sql) => write!(f, "({sql})"),
        }
    }
}
