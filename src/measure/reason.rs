//! Why a metric has no value: a closed set of reasons, each with a code, a kind and what to do about it.

use std::fmt;

/// How far a failure reaches, which decides the value that the payload carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Timeouts, sources out of reach and every other general failure: -1, or the fallback that was declared.
    General,
    /// An error inside the counter itself, such as arithmetic or a result of the wrong type: -2.
    Counter,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $kind:ident, $advice:literal;)+) => {
        /// Why a metric fell back. The codes are public: they stand in reports, metadata and the state store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every reason, in the order of their documentation.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)+];

            /// The stable name of the reason.
            pub fn code(self) -> &'static str {
                match self { $(Reason::$name => $code,)+ }
            }

            /// Whether the value becomes -1 or -2.
            pub fn kind(self) -> FailureKind {
                match self { $(Reason::$name => FailureKind::$kind,)+ }
            }

            /// What a person can do about it, as one sentence.
            pub fn advice(self) -> &'static str {
                match self { $(Reason::$name => $advice,)+ }
            }
        }
    };
}

reasons! {
    /// A statement passed its timeout, also at the smallest batch.
    StatementTimeout = "statement_timeout", General,
        "Add an index or a recording rule that serves the statement, or raise the timeout of this source.";
    /// A statement was cancelled by somebody else on the server.
    StatementCancelled = "statement_cancelled", General,
        "Someone cancelled the statement on the server; ask them why before running it again.";
    /// The table was locked for longer than the lock timeout.
    LockTimeout = "lock_timeout", General,
        "Another session holds a lock on the table, usually a migration; run again when it has ended.";
    /// The relation names a table that this database does not have.
    MissingTable = "missing_table", General,
        "Run the product's migrations, or correct the relation of the class.";
    /// The relation names a column that its tables do not have.
    MissingColumn = "missing_column", General,
        "Run the product's migrations, or correct the relation of the class.";
    /// The role may not read what the statement reads.
    PermissionDenied = "permission_denied", General,
        "Grant SELECT on the tables of this metric to the role of this database's URL.";
    /// The server ended our connection on purpose while a statement ran.
    ConnectionTerminated = "connection_terminated", General,
        "An administrator or a shutdown ended the connection; the next run tries again.";
    /// The connection broke while a statement ran.
    ConnectionLost = "connection_lost", General,
        "Look at the server's log for that time; the next run tries again.";
    /// The source could not be reached, or refused us.
    SourceUnavailable = "source_unavailable", General,
        "Check the url of this source, that it listens, and the credentials: service-ping doctor.";
    /// The source listens but does not serve yet: it is loading its data, or its cluster is incomplete.
    SourceNotReady = "source_not_ready", General,
        "Wait until the server has loaded its data and its cluster is complete, then run again.";
    /// A key of the event store holds something else than the metric reads.
    WrongKeyType = "wrong_key_type", General,
        "Find out what wrote the key: TYPE in redis-cli shows what it holds.";
    /// A sketch of the event store is cut short or damaged.
    CorruptSketch = "corrupt_sketch", General,
        "The key's bytes are no HyperLogLog: delete it, or restore it from a copy.";
    /// The metric or aggregate names an event that nothing declares.
    UnknownEvent = "unknown_event", General,
        "Declare the event in known_events, or correct its name: service-ping events list shows all.";
    /// Events are counted together that are kept in different slots.
    SlotMismatch = "slot_mismatch", General,
        "Count events of one redis_slot together, as their keys demand.";
    /// Events are counted together that are of different categories.
    CategoryMismatch = "category_mismatch", General,
        "Count events of one category together, or declare an aggregate.";
    /// Events are counted together that are kept by different spans of time.
    AggregationMismatch = "aggregation_mismatch", General,
        "Count daily and weekly events apart.";
    /// The time frame covers no key.
    NoPeriod = "no_period", General,
        "Give a range that holds a whole week, or a day for daily events.";
    /// An aggregate names a set that no estimated metric persists for its time frame.
    NotPersisted = "not_persisted", General,
        "Add persist_as to an estimated metric of the same time frame.";
    /// The configuration names no such source.
    SourceNotConfigured = "source_not_configured", General,
        "Add the section that this metric needs to service-ping.toml.";
    /// The server refused the statement as it is written.
    InvalidStatement = "invalid_statement", General,
        "Correct the relation or the query: service-ping metric shows the statement.";
    /// Any other refusal of the server.
    StatementFailed = "statement_failed", General,
        "Run the statement by hand to see the server's own words: service-ping metric shows it.";
    /// The batch configuration makes no sense for this relation.
    BadBatchConfiguration = "bad_batch_configuration", General,
        "Correct start, finish, batch_size or primary_key of the class.";
    /// The result has more groups than a payload can carry.
    TooManyGroups = "too_many_groups", General,
        "Group by a column of few values, or raise max_groups of this database.";
    /// No built-in or declared class has the definition's `instrumentation_class`.
    UnknownInstrumentationClass = "unknown_instrumentation_class", General,
        "Declare the class under metrics/instrumentations, or correct its name.";
    /// The definition was left out because it has errors.
    InvalidDefinition = "invalid_definition", General,
        "Correct the definition: service-ping validate shows the place.";
    /// The options do not fit the class.
    InvalidOptions = "invalid_options", General,
        "Correct the options of the definition.";
    /// A part of a sum has no value.
    PartFailed = "part_failed", General,
        "See the reason of the part that is named.";
    /// The setting stands neither in the configuration nor in the table of settings.
    MissingSetting = "missing_setting", General,
        "Add the key to [settings] of service-ping.toml, or give the definition a fallback.";
    /// The licence cannot be read, or is none.
    InvalidLicense = "invalid_license", General,
        "Correct the file that [license] names: service-ping doctor says what is wrong with it.";
    /// The licence has ended, or has not begun.
    LicenseNotCurrent = "license_not_current", General,
        "Put the licence that holds now where [license] of service-ping.toml says.";
    /// A component answered, but not what the metric reads.
    UnexpectedAnswer = "unexpected_answer", General,
        "Look at what the component's url answers, and correct it or the definition's options.";
    /// The run knows no such fact, such as an unset version.
    MissingFact = "missing_fact", General,
        "Add the key to [instance] of service-ping.toml.";
    /// The run was interrupted while this metric ran.
    Cancelled = "cancelled", General,
        "The run was interrupted; run it again.";
    /// The run ended before this metric had a value: it was interrupted, or its budget was over.
    NotRun = "not_run", General,
        "The run ended before this metric; run it again, or raise its budget.";
    /// An intersection whose error bound is more than half its value: the value stands, but says little.
    Unreliable = "unreliable", General,
        "The sets share too little to be told from chance: read the value with its error_bound.";
    /// A number was too small to be told, as the definition's `minimum_count` says: the least that is told stands for it.
    Binned = "binned", General,
        "The definition keeps small numbers to itself; read the value as: at most this, and more than 0.";
    /// A query of Prometheus found no series.
    EmptyResult = "empty_result", General,
        "See in Prometheus whether the series exist: their exporter may be down, or a recording rule missing.";
    /// A query of Prometheus gave NaN or an infinity, which no payload can carry.
    NotFinite = "not_finite", Counter,
        "Guard the query: x / (y > 0) is empty where x / y divides by nothing.";
    /// The result is not of the type that the operation or the definition wants.
    WrongType = "wrong_type", Counter,
        "Correct the column, the query or the value_type.";
    /// A number left the range that it can be held in.
    Overflow = "overflow", Counter,
        "Cast to a wider type in the relation, or count something smaller.";
    /// The data made the statement's own arithmetic or conversion fail.
    DataException = "data_exception", Counter,
        "Guard the relation against such rows, for instance with NULLIF.";
    /// The code of the counter or class panicked: a defect of ours.
    Panic = "panic", Counter,
        "This is a defect of service-ping: please report it with the message.";
}

impl Reason {
    /// Whether the statement asks for what the schema has not, or keeps from the role.
    pub fn is_of_schema(self) -> bool {
        matches!(
            self,
            Reason::MissingTable
                | Reason::MissingColumn
                | Reason::PermissionDenied
                | Reason::InvalidStatement
                | Reason::WrongType
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A reason with what was seen; the message names no secret and no row's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct Failure {
    pub reason: Reason,
    pub message: String,
}

impl Failure {
    pub fn new(reason: Reason, message: impl Into<String>) -> Failure {
        Failure {
            reason,
            message: message.into(),
        }
    }

    /// The text of a panic may hold a row's value: only texts fixed in the code are kept.
    pub fn of_panic(panic: &(dyn std::any::Any + Send)) -> Failure {
        let message = panic
            .downcast_ref::<&'static str>()
            .copied()
            .unwrap_or("the code of the counter panicked");
        Failure::new(Reason::Panic, message)
    }
}
