//! From the written options of a database metric to what is counted.

use std::ops::Range;

use serde_json::{Map, Value};

use super::check::check;
use super::class::{Bound, DatabaseBody};
use super::class_file::{DatabaseOptions, OperationName};
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::estimate_rule;
use super::metric_reading::DATABASE_METRIC;
use super::schema::shapes;
use super::{Catalog, MetricDefinition};
use crate::relation::{Operation, Query, Relation, RelationError};

/// Histograms of more buckets are refused, as in spec 8.
const MAX_BUCKETS: i64 = 100;

/// The option that names an estimate's set for aggregates; definitions of declared classes may give it too.
pub(super) const PERSIST_AS: &str = "persist_as";

impl DatabaseBody {
    /// What a metric counts, if it is one of the database: its own options, or its declared class.
    pub fn of_metric(catalog: &Catalog, metric: &MetricDefinition) -> Option<DatabaseBody> {
        match metric.instrumentation_class.as_deref()? {
            DATABASE_METRIC => read(&metric.options).ok(),
            class => catalog.class(class).map(|class| class.body.clone()),
        }
    }
}

/// Checks and reads `options`.
///
/// # Errors
/// Every complaint, with paths that start at the options.
pub(super) fn read(options: &Map<String, Value>) -> Result<DatabaseBody, Vec<Complaint>> {
    let value = Value::Object(options.clone());
    let shapes = shapes().map_err(|error| vec![Complaint::error(Code::BadValue, &[], error.to_string())])?;
    let complaints = check(&shapes.database_options, &value);
    from_checked(options.clone(), complaints)
}

/// Reads options that `complaints` were already made of: what is sound among them is read all the same, so that a person
/// is told everything at once.
///
/// # Errors
/// Those complaints, and what the sound part adds.
pub(super) fn from_checked(
    mut options: Map<String, Value>,
    complaints: Vec<Complaint>,
) -> Result<DatabaseBody, Vec<Complaint>> {
    if complaints.is_empty() {
        return from_sound(options);
    }
    let unsound = |name: &str| complaints.iter().any(|complaint| complaint.field() == Some(name));
    options.retain(|name, _| !unsound(name));
    let readable = ["operation", "relation"].iter().all(|name| !unsound(name));
    let more = if readable { from_sound(options).err() } else { None };
    let more = more
        .into_iter()
        .flatten()
        .filter(|more| !more.field().is_some_and(unsound))
        .collect();
    Err([complaints, more].concat())
}

fn from_sound(options: Map<String, Value>) -> Result<DatabaseBody, Vec<Complaint>> {
    let options: DatabaseOptions = serde_json::from_value(Value::Object(options))
        .map_err(|error| vec![Complaint::error(Code::WrongType, &[], error.to_string())])?;
    let mut reader = Reader { complaints: Vec::new() };
    match reader.body(options) {
        Some(body) if reader.complaints.is_empty() => Ok(body),
        _ => Err(reader.complaints),
    }
}

/// Where the SQL of `options` first says `:name`: the option, and the place in its text.
pub(super) fn place_of_placeholder(options: &Value, name: &str) -> (Segment, At) {
    let wanted = format!(":{name}");
    let found = ["relation", "start", "finish"].into_iter().find_map(|option| {
        let text = options[option].as_str()?;
        let ends = |at: usize| !text[at..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
        let mut places = text
            .match_indices(&wanted)
            .map(|(start, wanted)| start..start + wanted.len());
        let place = places.find(|place| ends(place.end) && !text[..place.start].ends_with(':'))?;
        Some((Segment::from(option), At::Part(place)))
    });
    found.unwrap_or(("relation".into(), At::Value))
}

struct Reader {
    complaints: Vec<Complaint>,
}

impl Reader {
    /// Goes on after a complaint, so that all of them come at once.
    fn body(&mut self, options: DatabaseOptions) -> Option<DatabaseBody> {
        let relation = self.relation(&options.relation);
        let start = self.bound("start", options.start.as_ref());
        let finish = self.bound("finish", options.finish.as_ref());
        let operation = self.operation(&options);
        let primary_key = options.primary_key.as_ref().map(columns_of);
        self.column_is_said(&options);
        self.only_estimates_persist(&options);
        self.range_is_not_empty(start.as_ref(), finish.as_ref());
        self.complaints
            .extend(estimate_rule::of_options(&options, relation.as_ref()));
        if let Some(relation) = &relation {
            self.columns_exist(relation, &options);
        }
        Some(DatabaseBody {
            operation: operation?,
            relation: relation?,
            column: options.column,
            primary_key,
            start,
            finish,
            batch_size: options.batch_size,
            consistency: options.consistency.unwrap_or_default(),
            estimate: options.estimate,
            timestamp_column: options.timestamp_column,
            database: options.database,
            persist_as: options.persist_as,
            fallback: options.fallback,
        })
    }

    fn relation(&mut self, text: &str) -> Option<Relation> {
        let relation = Relation::parse(text)
            .map_err(|error| self.refused(Code::BadRelation, &["relation".into()], error))
            .ok()?;
        if let Some((table, help)) = relation.foreign_qualifier() {
            let message = format!("`{table}` is no table of the relation");
            let place = text.to_lowercase().find(&format!("{table}."));
            let at = place.map_or(At::Value, |start| At::Part(start..start + table.len()));
            let complaint = Complaint::error(Code::BadRelation, &["relation".into()], message);
            self.complaints.push(complaint.at(at).with_help(help));
        }
        Some(relation)
    }

    fn bound(&mut self, name: &str, value: Option<&Value>) -> Option<Bound> {
        match value? {
            Value::Number(number) => number.as_i64().map(Bound::Integer),
            Value::String(text) => match Query::parse(text) {
                Ok(query) => Some(Bound::Query(query)),
                Err(error) => {
                    self.refused(Code::BadRelation, &[name.into()], error);
                    None
                }
            },
            _ => None,
        }
    }

    fn operation(&mut self, options: &DatabaseOptions) -> Option<Operation> {
        if options.operation != OperationName::Histogram {
            self.only_histograms("buckets", options.buckets.is_some());
            self.only_histograms("bucket_size", options.bucket_size.is_some());
        }
        match options.operation {
            OperationName::Count => Some(Operation::Count),
            OperationName::DistinctCount => Some(Operation::DistinctCount),
            OperationName::EstimateBatchDistinctCount => Some(Operation::EstimateBatchDistinctCount),
            OperationName::Sum => Some(Operation::Sum),
            OperationName::Average => Some(Operation::Average),
            OperationName::Histogram => self.histogram(options),
        }
    }

    fn only_histograms(&mut self, name: &str, said: bool) {
        if said {
            let message = format!("`{name}` belongs to the operation `histogram`");
            self.complaints.push(
                Complaint::error(Code::BadValue, &[name.into()], message)
                    .at(At::Key)
                    .with_help("take it out, or write `operation: histogram`"),
            );
        }
    }

    fn only_estimates_persist(&mut self, options: &DatabaseOptions) {
        if options.persist_as.is_some() && options.operation != OperationName::EstimateBatchDistinctCount {
            let message = "`persist_as` belongs to the operation `estimate_batch_distinct_count`";
            let complaint = Complaint::error(Code::BadValue, &[PERSIST_AS.into()], message);
            self.complaints.push(
                complaint
                    .at(At::Key)
                    .with_help("only an estimate has a set that aggregates can take"),
            );
        }
    }

    /// The rules of spec 8: the ends differ, and there are from 1 to 100 buckets.
    fn histogram(&mut self, options: &DatabaseOptions) -> Option<Operation> {
        let Some((from, to)) = options.buckets.as_ref().and_then(ends) else {
            let complaint = Complaint::error(Code::MissingField, &["buckets".into()], "a histogram needs `buckets`");
            self.complaints.push(
                complaint
                    .at(At::Key)
                    .with_help("give the lowest and the highest: `buckets: [1, 100]`"),
            );
            return None;
        };
        if from >= to {
            let message = format!("the lowest bucket, {from}, is not below the highest, {to}");
            self.complaints.push(
                Complaint::error(Code::BadValue, &["buckets".into()], message).with_help("write the lower one first"),
            );
            return None;
        }
        let size = options.bucket_size.or_else(|| to.checked_sub(from)?.checked_add(1));
        match size.filter(|size| (1..=MAX_BUCKETS).contains(size)) {
            Some(size) => Some(Operation::Histogram { from, to, size }),
            None => {
                let message = format!("a histogram from {from} to {to} has more than {MAX_BUCKETS} buckets");
                let complaint = Complaint::error(Code::BadValue, &["buckets".into()], message);
                self.complaints
                    .push(complaint.with_help("give fewer with `bucket_size`"));
                None
            }
        }
    }

    fn column_is_said(&mut self, options: &DatabaseOptions) {
        let name = match options.operation {
            OperationName::Sum => "sum",
            OperationName::Average => "average",
            _ => return,
        };
        if options.column.is_none() {
            let complaint = Complaint::error(
                Code::MissingField,
                &["column".into()],
                format!("`{name}` needs a `column`"),
            );
            self.complaints.push(
                complaint
                    .at(At::Key)
                    .with_help(format!("name the column whose {name} is wanted")),
            );
        }
    }

    fn range_is_not_empty(&mut self, start: Option<&Bound>, finish: Option<&Bound>) {
        if let (Some(Bound::Integer(start)), Some(Bound::Integer(finish))) = (start, finish)
            && start > finish
        {
            let message = format!("`finish` ({finish}) is below `start` ({start})");
            self.complaints.push(
                Complaint::error(Code::BadValue, &["finish".into()], message)
                    .with_help("batches run from `start` to `finish`: change the two"),
            );
        }
    }

    fn columns_exist(&mut self, relation: &Relation, options: &DatabaseOptions) {
        self.column_exists(relation, &["column".into()], options.column.as_deref());
        self.column_exists(
            relation,
            &["timestamp_column".into()],
            options.timestamp_column.as_deref(),
        );
        match &options.primary_key {
            Some(Value::Array(names)) => {
                for (index, name) in names.iter().enumerate() {
                    self.column_exists(relation, &["primary_key".into(), Segment::Index(index)], name.as_str());
                }
            }
            Some(names) => {
                for name in columns_of(names) {
                    self.column_exists(relation, &["primary_key".into()], Some(&name));
                }
            }
            None => {}
        }
    }

    fn column_exists(&mut self, relation: &Relation, path: &[Segment], name: Option<&str>) {
        if let Some(Err(error)) = name.map(|name| relation.column(name)) {
            self.refused(Code::BadColumn, path, error);
        }
    }

    fn refused(&mut self, code: Code, path: &[Segment], error: RelationError) {
        let at = error.span.map_or(At::Value, |span: Range<usize>| At::Part(span));
        self.complaints.push(
            Complaint::error(code, path, error.message)
                .maybe_help(error.help)
                .at(at),
        );
    }
}

/// `a, b` or a list of columns.
fn columns_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split(',').map(|name| name.trim().to_owned()).collect(),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .map(|name| name.trim().to_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// `[from, to]` or `{from, to}`.
fn ends(value: &Value) -> Option<(i64, i64)> {
    match value {
        Value::Array(ends) => Some((ends.first()?.as_i64()?, ends.get(1)?.as_i64()?)),
        Value::Object(ends) => Some((ends.get("from")?.as_i64()?, ends.get("to")?.as_i64()?)),
        _ => None,
    }
}
