//! What a definition does not want told of its value: small numbers, and texts that it does not list.

use serde_json::{Map, Number, Value};

use crate::measure::{Failure, Reason};

/// What stands for every text that is not listed.
const OTHER: &str = "other";

/// The rules of one metric.
pub(super) struct Disclosure<'a> {
    /// Numbers above 0 and below this are told as this.
    pub(super) minimum_count: Option<u64>,
    /// The only texts and keys of groups that are told.
    pub(super) allowed_values: Option<Vec<&'a str>>,
    /// Whether the numbers of groups that become one may be added up: those of an average or of distinct values may not.
    pub(super) adds_up: bool,
}

impl Disclosure<'_> {
    /// The value as it may leave, and what there is to say of it. Texts come first: groups that become one are no longer
    /// small by themselves.
    pub(super) fn of(&self, value: Value) -> (Value, Option<Failure>) {
        let mut value = match self.allowed_values {
            Some(_) => self.listed(value),
            None => value,
        };
        let Some(minimum) = self.minimum_count else {
            return (value, None);
        };
        let is_binned = bin(&mut value, minimum);
        let says = || Failure::new(Reason::Binned, format!("numbers below {minimum} are told as {minimum}"));
        (value, is_binned.then(says))
    }

    fn listed(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.listed(item)).collect(),
            Value::Object(groups) => self.groups(groups),
            other => other,
        }
    }

    fn text<'t>(&'t self, text: &'t str) -> &'t str {
        let allowed = self.allowed_values.iter().flatten();
        match allowed.into_iter().any(|allowed| *allowed == text) {
            true => text,
            false => OTHER,
        }
    }

    /// Several keys of a group are the text of a JSON array: each part is held against the list.
    fn key(&self, key: &str) -> String {
        let parts: Option<Vec<Value>> = serde_json::from_str(key).ok();
        match parts {
            Some(parts) if self.text(key) == OTHER => {
                let part = |part: &Value| match part {
                    Value::String(text) => Value::from(self.text(text)),
                    other => Value::from(self.text(&other.to_string())),
                };
                parts.iter().map(part).collect::<Value>().to_string()
            }
            _ => self.text(key).to_owned(),
        }
    }

    fn groups(&self, groups: Map<String, Value>) -> Value {
        let mut told: Map<String, Value> = Map::new();
        for (key, value) in groups {
            let (key, value) = (self.key(&key), self.listed(value));
            let together = match told.remove(&key) {
                None => value,
                Some(before) if self.adds_up => sum(&before, &value),
                Some(_) => Value::Null,
            };
            told.insert(key, together);
        }
        Value::Object(told)
    }
}

/// Nothing where either is no number.
fn sum(one: &Value, other: &Value) -> Value {
    match (one.as_i64(), other.as_i64(), one.as_f64(), other.as_f64()) {
        (Some(one), Some(other), ..) => one.checked_add(other).map_or(Value::Null, Value::from),
        (_, _, Some(one), Some(other)) => Number::from_f64(one + other).map_or(Value::Null, Value::Number),
        _ => Value::Null,
    }
}

/// Whether any number was small.
fn bin(value: &mut Value, minimum: u64) -> bool {
    match value {
        Value::Number(number) => {
            let is_small = number
                .as_f64()
                .is_some_and(|number| number > 0.0 && number < minimum as f64);
            if is_small {
                *value = Value::from(minimum);
            }
            is_small
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| bin(item, minimum) | any),
        Value::Object(groups) => groups.values_mut().fold(false, |any, group| bin(group, minimum) | any),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Disclosure;

    fn told(minimum_count: Option<u64>, allowed: Option<&[&str]>, adds_up: bool, value: Value) -> (Value, bool) {
        let disclosure = Disclosure {
            minimum_count,
            allowed_values: allowed.map(<[&str]>::to_vec),
            adds_up,
        };
        let (value, remark) = disclosure.of(value);
        (value, remark.is_some())
    }

    #[test]
    fn small_numbers_are_told_as_the_least_that_is_told() {
        let cases = [
            (json!(0), json!(0), false),
            (json!(1), json!(5), true),
            (json!(4.9), json!(5), true),
            (json!(5), json!(5), false),
            (json!(-1), json!(-1), false),
            (json!(null), json!(null), false),
            (json!({"a": 2, "b": 7}), json!({"a": 5, "b": 7}), true),
        ];
        for (value, expected, is_binned) in cases {
            assert_eq!(
                told(Some(5), None, true, value.clone()),
                (expected, is_binned),
                "{value}"
            );
        }
    }

    #[test]
    fn texts_that_are_not_listed_are_others() {
        let list: Option<&[&str]> = Some(&["free", "5"]);
        let cases = [
            (json!("free"), json!("free")),
            (json!("canary"), json!("other")),
            (json!(["free", "canary"]), json!(["free", "other"])),
            (json!({"x": 1, "free": 2, "y": 3}), json!({"other": 4, "free": 2})),
            (
                json!({"[\"free\",\"x\"]": 1, "[\"free\",\"y\"]": 2}),
                json!({"[\"free\",\"other\"]": 3}),
            ),
            (json!({"[\"x\"]": 1}), json!({"[\"other\"]": 1})),
            (json!({"": 1, "5": 2}), json!({"other": 1, "5": 2})),
        ];
        for (value, expected) in cases {
            assert_eq!(told(None, list, true, value.clone()), (expected, false), "{value}");
        }
    }

    #[test]
    fn what_does_not_add_up_is_not_added_up() {
        let list: Option<&[&str]> = Some(&["a"]);
        let two = json!({"a": 1, "x": 2.5, "y": 3.5});
        assert_eq!(told(None, list, false, two).0, json!({"a": 1, "other": null}));
        assert_eq!(told(None, list, false, json!({"x": 2.5})).0, json!({"other": 2.5}));
        assert_eq!(
            told(Some(5), list, true, json!({"x": 2, "y": 3})),
            (json!({"other": 5}), false)
        );
    }
}
