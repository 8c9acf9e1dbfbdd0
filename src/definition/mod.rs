//! YAML to typed definitions, with every problem reported at once as file, line, column and caret.
//!
//! Pure but for reading the definition folders.

mod key_path;
mod metric;

pub use key_path::KeyPath;
pub use metric::{DataCategory, DataSource, MetricDefinition, Status, TimeFrame, ValueType};
