//! Every way in which a value differs from its shape, not the first alone.

use serde_json::{Map, Value};

use super::code::Code;
use super::complaint::{At, Complaint, Segment, spelled};
use super::shape::{Field, List, Mapping, Shape, Text};
use super::suggestion::did_you_mean;

/// Complaints about `value`, in the order of the shape's fields.
pub(super) fn check(shape: &Shape, value: &Value) -> Vec<Complaint> {
    let mut check = Check {
        path: Vec::new(),
        complaints: Vec::new(),
    };
    check.value(shape, value);
    check.complaints
}

struct Check {
    path: Vec<Segment>,
    complaints: Vec<Complaint>,
}

impl Check {
    fn value(&mut self, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::Any, _) | (Shape::Number, Value::Number(_)) | (Shape::Boolean, Value::Bool(_)) => {}
            (Shape::Text(wanted), Value::String(text)) => self.text(wanted, text),
            (Shape::Integer { min, max }, Value::Number(number)) if !number.is_f64() => {
                self.integer(*min, *max, number.as_i64());
            }
            (Shape::List(wanted), Value::Array(items)) => self.list(wanted, items),
            (Shape::Mapping(wanted), Value::Object(map)) => self.mapping(wanted, map),
            (Shape::Either(choices), value) => match choices.iter().find(|choice| choice.is_kind_of(value)) {
                Some(choice) => self.value(choice, value),
                None => self.wrong_type(shape, value),
            },
            (shape, value) => self.wrong_type(shape, value),
        }
    }

    fn text(&mut self, wanted: &Text, text: &str) {
        if let Some(allowed) = &wanted.allowed {
            if !allowed.iter().any(|name| name == text) {
                self.not_allowed(allowed, text);
            }
            return;
        }
        if text.trim().is_empty() && !wanted.may_be_empty {
            return self.complain(Code::BadValue, format!("{} is an empty text", self.here()), None);
        }
        if wanted.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            let message = format!("{} cannot be `{text}`", self.here());
            self.complain(Code::BadValue, message, wanted.description.clone());
        }
    }

    fn not_allowed(&mut self, allowed: &[String], text: &str) {
        // A name that differs from an earlier one by its capital alone is an old spelling: read, not advertised.
        let is_old = |index: usize, name: &str| {
            allowed[..index]
                .iter()
                .any(|earlier| earlier.eq_ignore_ascii_case(name))
        };
        let names: Vec<&str> = allowed
            .iter()
            .enumerate()
            .filter(|(index, name)| !is_old(*index, name))
            .map(|(_, name)| name.as_str())
            .collect();
        let message = format!("{} cannot be `{text}`", self.here());
        let choices = format!("it is one of {}", names.join(", "));
        let help = match did_you_mean(text, names.iter().copied()) {
            Some(question) => format!("{question} {choices}"),
            None => choices,
        };
        self.complain(Code::BadValue, message, Some(help));
    }

    fn integer(&mut self, min: Option<i64>, max: Option<i64>, number: Option<i64>) {
        // What does not fit into 64 bits is above every maximum.
        let number = number.unwrap_or(i64::MAX);
        let fits = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max) && number < i64::MAX;
        if fits {
            return;
        }
        let help = match (min, max) {
            (Some(min), Some(max)) => Some(format!("it is from {min} to {max}")),
            (Some(min), None) => Some(format!("it is {min} or more")),
            _ => None,
        };
        self.complain(Code::BadValue, format!("{} is out of range", self.here()), help);
    }

    fn list(&mut self, wanted: &List, items: &[Value]) {
        let size = items.len();
        if wanted.min.is_some_and(|min| size < min) || wanted.max.is_some_and(|max| size > max) {
            let message = match (wanted.min, wanted.max) {
                (Some(min), Some(max)) if min == max => format!("{} has {size} items instead of {min}", self.here()),
                _ if size == 0 => format!("{} is an empty list", self.here()),
                _ => format!("{} has {size} items: too many or too few", self.here()),
            };
            self.complain(Code::BadValue, message, None);
        }
        for (index, item) in items.iter().enumerate() {
            self.path.push(Segment::Index(index));
            self.value(&wanted.items, item);
            if wanted.unique && items[..index].contains(item) {
                self.complain(
                    Code::BadValue,
                    format!("{} stands twice in the list", in_words(item)),
                    Some("take one of them out".to_owned()),
                );
            }
            self.path.pop();
        }
    }

    fn mapping(&mut self, wanted: &Mapping, map: &Map<String, Value>) {
        for field in &wanted.fields {
            match map.get(&field.name) {
                Some(Value::Null) | None if field.required => self.missing(field, map.contains_key(&field.name)),
                Some(Value::Null) | None => {}
                Some(value) => {
                    self.path.push(Segment::Key(field.name.clone()));
                    self.value(&field.shape, value);
                    self.path.pop();
                }
            }
        }
        let known = |key: &str| wanted.fields.iter().any(|field| field.name == key);
        for (key, value) in map.iter().filter(|(key, _)| !known(key)) {
            self.path.push(Segment::Key(key.clone()));
            self.other(wanted, key, value);
            self.path.pop();
        }
    }

    fn missing(&mut self, field: &Field, written: bool) {
        self.path.push(Segment::Key(field.name.clone()));
        let (here, state) = (self.here(), if written { "has no value" } else { "is missing" });
        let mut complaint = Complaint::error(Code::MissingField, &self.path, format!("{here} {state}"))
            .at(At::Key)
            .maybe_help(field.description.clone());
        if !written {
            complaint.message.push_str(": it is required");
        }
        self.complaints.push(complaint);
        self.path.pop();
    }

    fn other(&mut self, wanted: &Mapping, key: &str, value: &Value) {
        let Some(others) = &wanted.others else {
            let names = wanted.fields.iter().map(|field| field.name.as_str());
            let complaint = Complaint::error(Code::UnknownField, &self.path, format!("unknown field {}", self.here()));
            self.complaints
                .push(complaint.at(At::Key).maybe_help(did_you_mean(key, names)));
            return;
        };
        if wanted.names.as_ref().is_some_and(|names| !names.is_match(key)) {
            let message = format!("`{key}` cannot be a name here");
            let help = "names are lower-case letters, digits and underscores";
            self.complaints.push(
                Complaint::error(Code::BadValue, &self.path, message)
                    .at(At::Key)
                    .with_help(help),
            );
        }
        if !(value.is_null() && wanted.others_may_be_empty) {
            self.value(others, value);
        }
    }

    fn wrong_type(&mut self, shape: &Shape, value: &Value) {
        let message = format!("{} is {}: {} is wanted", self.here(), in_words(value), shape.in_words());
        let help = match (shape, value) {
            (Shape::Text(_), Value::Number(_) | Value::Bool(_)) => Some("put it in quotes, so that it stays a text"),
            (Shape::List(_), Value::String(text)) if !text.contains('\n') => {
                return self.complain(
                    Code::WrongType,
                    message,
                    Some(format!("write it as a list: `[{text}]`")),
                );
            }
            (Shape::Boolean, Value::String(_)) => Some("write true or false: YAML 1.2 has no yes, no, on or off"),
            (Shape::Number | Shape::Integer { .. }, Value::String(text)) if text.trim().parse::<f64>().is_ok() => {
                Some("write the number without quotes")
            }
            _ => None,
        };
        self.complain(Code::WrongType, message, help.map(str::to_owned));
    }

    fn complain(&mut self, code: Code, message: String, help: Option<String>) {
        self.complaints
            .push(Complaint::error(code, &self.path, message).maybe_help(help));
    }

    fn here(&self) -> String {
        match self.path.as_slice() {
            [] => "the file".to_owned(),
            path => format!("`{}`", spelled(path)),
        }
    }
}

impl Shape {
    fn is_kind_of(&self, value: &Value) -> bool {
        match (self, value) {
            (Shape::Any, _)
            | (Shape::Text(_), Value::String(_))
            | (Shape::Number, Value::Number(_))
            | (Shape::Boolean, Value::Bool(_))
            | (Shape::List(_), Value::Array(_))
            | (Shape::Mapping(_), Value::Object(_)) => true,
            (Shape::Integer { .. }, Value::Number(number)) => !number.is_f64(),
            (Shape::Either(choices), value) => choices.iter().any(|choice| choice.is_kind_of(value)),
            _ => false,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Shape::Any => "anything".to_owned(),
            Shape::Text(_) => "a text".to_owned(),
            Shape::Number => "a number".to_owned(),
            Shape::Integer { .. } => "a whole number".to_owned(),
            Shape::Boolean => "true or false".to_owned(),
            Shape::List(_) => "a list".to_owned(),
            Shape::Mapping(_) => "a mapping".to_owned(),
            Shape::Either(choices) => choices.iter().map(Shape::in_words).collect::<Vec<_>>().join(" or "),
        }
    }
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) if text.chars().count() <= 40 && !text.contains('\n') => format!("the text `{text}`"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}
