//! The console's language: what a line asks for, as a plain value.
//!
//! Pure: this room runs nothing. An expression becomes a metric definition, which the rest of the house plans and reads
//! as any other; what stands for SQL in it is parsed and checked by `relation`.
//!
//! ```text
//! line       = [ binding | statement | expression ] ;
//! binding    = name "=" expression ;
//! statement  = "metric" name { word ":" value }
//!            | ( "sql" | "explain" ) ( expression | query )
//!            | query
//!            | "track" name { value }
//!            | "unique_events" name { name } [ "from:" date ] [ "to:" date ]
//!            | ( "tables" | "metrics" | "events" ) [ glob ]
//!            | "columns" name
//!            | "help" [ name ]
//!            | "quit" | "exit" ;
//! expression = operator "(" relation { "," argument } ")"
//!            | "add" "(" [ expression { "," expression } ] ")"
//!            | number
//!            | name ;                        (* bound before, a key path, or a class *)
//! operator   = "count" | "distinct_count" | "estimate_batch_distinct_count"
//!            | "sum" | "average" | "histogram" ;
//! relation   = what may follow FROM: tables, JOIN, WHERE, GROUP BY ;
//! argument   = column | end                  (* by place: column, start, finish *)
//!            | "column:" column | "start:" end | "finish:" end
//!            | "batch_size:" integer | "database:" name | "timestamp_column:" column
//!            | "time_frame:" ( "7d" | "28d" | "all" | "none" )
//!            | "buckets:" integer ".." integer | "bucket_size:" integer ;
//! end        = integer | ( "minimum" | "maximum" ) "(" table [ "," column ] ")" | query | "(" query ")" ;
//! query      = a SELECT, with or without WITH ;
//! ```
//!
//! A relation ends at the first comma outside all brackets and quotes. GROUP BY takes commas itself: after it arguments
//! are named. Comments are SQL's.

mod arguments;
mod completion;
mod definition;
mod end;
mod error;
mod help;
mod highlight;
mod lex;
mod parse;
mod pieces;
mod print;
mod statement;
mod tree;

pub use completion::{Completion, Wanted, completion};
pub use definition::printed;
pub use error::ExpressionError;
pub use help::{TOPICS, help};
pub use highlight::{Style, highlight};
pub use lex::is_open;
pub use parse::parse;
pub use tree::{Asked, Bindings, Call, End, Expression, Line, MetricAsked, Operator, Unbound};

/// The words that begin a statement.
pub const STATEMENTS: [&str; 12] = [
    "metric",
    "sql",
    "explain",
    "track",
    "unique_events",
    "tables",
    "columns",
    "metrics",
    "events",
    "help",
    "quit",
    "exit",
];

/// The names that arguments have.
pub const ARGUMENTS: [&str; 9] = [
    "column",
    "start",
    "finish",
    "batch_size",
    "database",
    "timestamp_column",
    "time_frame",
    "buckets",
    "bucket_size",
];
