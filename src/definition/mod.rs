//! YAML to typed definitions, with every problem reported at once as file, line, column and caret.
//!
//! Pure but for reading the definition folders. The way of a file: `folder` finds and reads it, `yaml` makes a value
//! and an index of places of it, `check` compares the value with the shape that `schema` derives from the typed
//! structs (the files in `_file`), the files in `_reading` turn it into definitions, and `load` gathers all of it into a
//! [`Catalog`]. `derived` makes the metrics that follow from events and aggregates alone.

mod adopt;
mod aggregate_file;
mod aggregate_lint;
mod aggregate_reading;
mod baseline;
mod body;
mod catalog;
mod check;
mod class;
mod class_file;
mod class_reading;
mod code;
mod complaint;
mod conflict;
mod counting;
mod derived;
mod diagnostic;
mod draft;
mod estimate_rule;
mod event;
mod event_file;
mod event_key;
mod event_lint;
mod event_metric;
mod event_options;
mod event_reading;
mod folder;
mod index;
mod key_path;
mod known_event_file;
mod known_event_reading;
mod lint;
mod list;
mod load;
mod load_events;
mod load_tests;
mod measured_lint;
mod metric;
mod metric_file;
mod metric_kind;
mod metric_reading;
mod naming_lint;
mod option_lint;
mod owner_lint;
mod persisted;
mod place;
mod query_place;
mod read_file;
mod schema;
mod shape;
mod silence;
mod source;
mod suggestion;
mod test;
mod test_file;
mod test_reading;
mod value_schema;
mod yaml;

pub use baseline::{Comparison, Side, compare};
pub use catalog::{Catalog, InvalidDefinition, Loaded};
pub use class::{Bound, DatabaseBody, DeclaredClass, Parameter, ParameterType};
pub use code::Code;
pub use counting::{Consistency, RowEstimate};
pub use derived::{DerivedSettings, derived};
pub use diagnostic::{Diagnostic, Severity};
pub use draft::{AggregateDraft, ClassDraft, Draft, EventDraft, MetricDraft, Section, Subject};
pub use event::{
    AggregateDefinition, AggregateOperator, AggregateSource, Aggregation, EventDefinition, EventOperator,
    EventSelection, KeyFormat, KnownEvent, MOST_INTERSECTED,
};
pub use folder::LoadError;
pub use key_path::KeyPath;
pub use lint::findings;
pub use load::{load, load_files, load_with};
pub use load_tests::{TestNames, load_tests};
pub use metric::{DataCategory, DataSource, MetricDefinition, Status, TimeFrame, ValueType};
pub use query_place::{QueryPart, QueryProblem};
pub use schema::schemas;
pub use silence::silence;
pub use source::{Position, Source};
pub use suggestion::{nearest, offer};
pub use test::{Expected, LoadedTests, MetricTest, MetricTests, TestEvent, Tested};
pub use value_schema::value_schemas;
