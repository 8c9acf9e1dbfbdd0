//! The file of a new declared class.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Draft, with_modeline};

/// A new class over the database.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassDraft {
    /// In CamelCase.
    pub name: String,
    /// What is counted: `operation`, `relation` and the rest.
    pub body: Value,
}

impl ClassDraft {
    /// The file under `folder` (`metrics`, or `config/metrics`).
    pub fn file(&self, folder: &str) -> Draft {
        let mut document = json!({"class": self.name});
        if let (Some(document), Some(body)) = (document.as_object_mut(), self.body.as_object()) {
            document.extend(body.clone());
        }
        let stem = self.name.strip_suffix("Metric").unwrap_or(&self.name);
        Draft {
            name: PathBuf::from(format!("{folder}/instrumentations/{}.yml", snake_case(stem))),
            text: with_modeline("../schema/instrumentation_class.json", &document),
        }
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
