//! The closed set of what can be wrong with a definition.

use std::fmt;

/// What kind of problem it is. The set is closed and the spelling public: people grep for it and silence by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The file could not be read, or is far too large for a definition.
    UnreadableFile,
    /// The file's bytes are not UTF-8.
    NotUtf8,
    /// The file is not one YAML document of mappings, lists and scalars.
    YamlSyntax,
    /// The file holds nothing but comments.
    EmptyFile,
    /// A mapping has a key twice.
    DuplicateKey,
    /// A field that does not exist.
    UnknownField,
    /// A required field is not there, or has no value.
    MissingField,
    /// A value of another kind than the field takes.
    WrongType,
    /// A value of the right kind that the field does not take.
    BadValue,
    /// Fields that belong together are not: a broken metric without its issue, an object without its schema.
    Incomplete,
    /// Two definitions have the same key path.
    DuplicateKeyPath,
    /// A key path is both a metric and the parent of one.
    KeyPathConflict,
    /// Two files declare the same instrumentation class.
    DuplicateClass,
    /// SQL of a relation, or of a `start` or `finish` query, that was refused.
    BadRelation,
    /// A column that is not a column of the relation.
    BadColumn,
    /// An instrumentation class that is neither built in nor declared.
    UnknownInstrumentationClass,
    /// A declared class with the name of a built-in one.
    ShadowedClass,
    /// An active metric that names no instrumentation class.
    MissingInstrumentationClass,
    /// A class named where the data source chooses it.
    NeedlessInstrumentationClass,
    /// An option or placeholder that the class does not declare as a parameter.
    UnknownParameter,
    /// A required parameter that the definition's options do not give.
    MissingParameter,
    /// A parameter that no placeholder uses.
    UnusedParameter,
    /// Two entries of known events have the same name.
    DuplicateEvent,
    /// Two aggregates have the same name.
    DuplicateAggregate,
    /// Two estimated metrics persist the same name for the same time frame.
    DuplicatePersisted,
    /// An event whose name and slot make no key: what is tracked could not be written.
    BadEventKey,
    /// An event that nothing declares.
    UnknownEvent,
    /// A name of a mixed aggregate that is both an event and what an estimate persists.
    AmbiguousEvent,
    /// Events of different slots counted together.
    SlotMismatch,
    /// Daily and weekly events counted together.
    AggregationMismatch,
    /// A set of an aggregate that no estimated metric persists for its time frame.
    NotPersisted,
    /// A table that the live schema does not have.
    UnknownTable,
    /// A column that its table in the live schema does not have.
    UnknownColumn,
    /// A statement that the live database refuses, such as a sum over text.
    RefusedStatement,
    /// A distinct count over a column without an index, on a table that is not small.
    DistinctCountUnindexed,
    /// A histogram over a large table, which is one statement that nothing splits.
    HistogramLargeTable,
    /// A time window over a column without an index, on a table that is not small.
    WindowUnindexed,
    /// A test of a metric that there is none of.
    UnknownMetric,
    /// A key path that names a week or a month, and a time frame that is another.
    NameTimeFrameMismatch,
    /// A key path that is spelt as none is: with capitals, hyphens or a generator's prompts.
    KeyPathStyle,
    /// A metric that names no owner, where others of the set do.
    MissingOwner,
    /// A distinct count of a column that is no key by its name.
    DistinctCountColumn,
    /// `GROUP BY 1`: a place of a select list, which a relation has not.
    GroupByPlace,
    /// A value type that what is measured never has.
    ValueTypeMismatch,
    /// A class that reads another source than the definition names.
    DataSourceMismatch,
    /// A JSON schema of values that is not there or is none, or a value that does not fit it.
    ValueSchema,
    /// A metric that measures something else than it did in the baseline.
    ChangedMeaning,
    /// A definition of the baseline that is gone, though it was not removed by its status.
    RemovedDefinition,
    /// A code under `no_lint` that does not exist.
    UnknownLint,
    /// A code under `no_lint` that silences nothing.
    NeedlessNoLint,
}

impl Code {
    /// Every code, in the order of this list.
    pub const ALL: [Code; 50] = [
        Code::UnreadableFile,
        Code::NotUtf8,
        Code::YamlSyntax,
        Code::EmptyFile,
        Code::DuplicateKey,
        Code::UnknownField,
        Code::MissingField,
        Code::WrongType,
        Code::BadValue,
        Code::Incomplete,
        Code::DuplicateKeyPath,
        Code::KeyPathConflict,
        Code::DuplicateClass,
        Code::BadRelation,
        Code::BadColumn,
        Code::UnknownInstrumentationClass,
        Code::ShadowedClass,
        Code::MissingInstrumentationClass,
        Code::NeedlessInstrumentationClass,
        Code::UnknownParameter,
        Code::MissingParameter,
        Code::UnusedParameter,
        Code::DuplicateEvent,
        Code::DuplicateAggregate,
        Code::DuplicatePersisted,
        Code::BadEventKey,
        Code::UnknownEvent,
        Code::AmbiguousEvent,
        Code::SlotMismatch,
        Code::AggregationMismatch,
        Code::NotPersisted,
        Code::UnknownTable,
        Code::UnknownColumn,
        Code::RefusedStatement,
        Code::DistinctCountUnindexed,
        Code::HistogramLargeTable,
        Code::WindowUnindexed,
        Code::UnknownMetric,
        Code::NameTimeFrameMismatch,
        Code::KeyPathStyle,
        Code::MissingOwner,
        Code::DistinctCountColumn,
        Code::GroupByPlace,
        Code::ValueTypeMismatch,
        Code::DataSourceMismatch,
        Code::ValueSchema,
        Code::ChangedMeaning,
        Code::RemovedDefinition,
        Code::UnknownLint,
        Code::NeedlessNoLint,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Code::UnreadableFile => "unreadable_file",
            Code::NotUtf8 => "not_utf8",
            Code::YamlSyntax => "yaml_syntax",
            Code::EmptyFile => "empty_file",
            Code::DuplicateKey => "duplicate_key",
            Code::UnknownField => "unknown_field",
            Code::MissingField => "missing_field",
            Code::WrongType => "wrong_type",
            Code::BadValue => "bad_value",
            Code::Incomplete => "incomplete",
            Code::DuplicateKeyPath => "duplicate_key_path",
            Code::KeyPathConflict => "key_path_conflict",
            Code::DuplicateClass => "duplicate_class",
            Code::BadRelation => "bad_relation",
            Code::BadColumn => "bad_column",
            Code::UnknownInstrumentationClass => "unknown_instrumentation_class",
            Code::ShadowedClass => "shadowed_class",
            Code::MissingInstrumentationClass => "missing_instrumentation_class",
            Code::NeedlessInstrumentationClass => "needless_instrumentation_class",
            Code::UnknownParameter => "unknown_parameter",
            Code::MissingParameter => "missing_parameter",
            Code::UnusedParameter => "unused_parameter",
            Code::DuplicateEvent => "duplicate_event",
            Code::DuplicateAggregate => "duplicate_aggregate",
            Code::DuplicatePersisted => "duplicate_persisted",
            Code::BadEventKey => "bad_event_key",
            Code::UnknownEvent => "unknown_event",
            Code::AmbiguousEvent => "ambiguous_event",
            Code::SlotMismatch => "slot_mismatch",
            Code::AggregationMismatch => "aggregation_mismatch",
            Code::NotPersisted => "not_persisted",
            Code::UnknownTable => "unknown_table",
            Code::UnknownColumn => "unknown_column",
            Code::RefusedStatement => "refused_statement",
            Code::DistinctCountUnindexed => "distinct_count_unindexed",
            Code::HistogramLargeTable => "histogram_large_table",
            Code::WindowUnindexed => "window_unindexed",
            Code::UnknownMetric => "unknown_metric",
            Code::NameTimeFrameMismatch => "name_time_frame_mismatch",
            Code::KeyPathStyle => "key_path_style",
            Code::MissingOwner => "missing_owner",
            Code::DistinctCountColumn => "distinct_count_column",
            Code::GroupByPlace => "group_by_place",
            Code::ValueTypeMismatch => "value_type_mismatch",
            Code::DataSourceMismatch => "data_source_mismatch",
            Code::ValueSchema => "value_schema",
            Code::ChangedMeaning => "changed_meaning",
            Code::RemovedDefinition => "removed_definition",
            Code::UnknownLint => "unknown_lint",
            Code::NeedlessNoLint => "needless_no_lint",
        }
    }
}

impl Code {
    /// The code of that spelling.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
