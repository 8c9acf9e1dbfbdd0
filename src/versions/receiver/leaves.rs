//! The leaves of a JSON document with their key paths, one after the other: no tree of it is ever held.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What stands at the end of a key path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Leaf<'a> {
    Null,
    Boolean(bool),
    Number(f64),
    Text(&'a str),
}

impl<'a> Leaf<'a> {
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Leaf::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(self) -> Option<f64> {
        match self {
            Leaf::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// Tells `each` every leaf of a document; the elements of a list have their numbers as keys. Of a key that stands twice, both
/// are told.
///
/// # Errors
/// The text is not JSON, or nests too deeply.
pub(super) fn walk(text: &str, each: &mut dyn FnMut(&str, Leaf<'_>)) -> Result<(), serde_json::Error> {
    let mut path = String::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let walk = Walk { path: &mut path, each };
    walk.deserialize(&mut reader)?;
    reader.end()
}

struct Walk<'a> {
    path: &'a mut String,
    each: &'a mut dyn FnMut(&str, Leaf<'_>),
}

impl Walk<'_> {
    fn tell<E>(self, leaf: Leaf<'_>) -> Result<(), E> {
        (self.each)(self.path, leaf);
        Ok(())
    }

    /// The walk below a key, which is taken off the path afterwards.
    fn below(&mut self, key: fmt::Arguments<'_>) -> (usize, Walk<'_>) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        // Writing to a string cannot fail.
        let _ = fmt::write(self.path, key);
        (
            length,
            Walk {
                path: self.path,
                each: self.each,
            },
        )
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.tell(Leaf::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.tell(Leaf::Boolean(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of metrics are kept as JSON's readers have them"
    )]
    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.tell(Leaf::Number(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of metrics are kept as JSON's readers have them"
    )]
    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.tell(Leaf::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.tell(Leaf::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.tell(Leaf::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut place = 0_usize;
        loop {
            let (length, walk) = self.below(format_args!("{place}"));
            let more = list.next_element_seed(walk)?;
            self.path.truncate(length);
            if more.is_none() {
                return Ok(());
            }
            place += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let (length, walk) = self.below(format_args!("{key}"));
            map.next_value_seed(walk)?;
            self.path.truncate(length);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Leaf, walk};

    fn leaves(text: &str) -> Vec<String> {
        let mut leaves = Vec::new();
        let walked = walk(text, &mut |path, leaf: Leaf<'_>| {
            leaves.push(format!("{path}={leaf:?}"))
        });
        walked.unwrap();
        leaves
    }

    #[test]
    fn every_leaf_has_its_path() {
        let text = r#"{"a": 1, "b": {"c": -2.5, "d": [true, {"e": null}, []]}, "f": "\u003c\"", "g": {}}"#;
        assert_eq!(
            leaves(text),
            [
                "a=Number(1.0)",
                "b.c=Number(-2.5)",
                "b.d.0=Boolean(true)",
                "b.d.1.e=Null",
                "f=Text(\"<\\\"\")"
            ]
        );
        assert_eq!(leaves("18446744073709551615"), ["=Number(1.8446744073709552e19)"]);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", r#"{"a": 1} x"#, "[1,]", r#"{"a": 01}"#, "{\"a\": \"\n\"}"] {
            assert!(walk(text, &mut |_, _| ()).is_err(), "{text}");
        }
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(walk(&deep, &mut |_, _| ()).is_err());
    }
}
