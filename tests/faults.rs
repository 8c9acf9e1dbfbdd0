//! Faults: each strikes one metric, or one source, of a run of the built binary, and nothing else.

mod support;

#[path = "faults/away.rs"]
mod away;
#[path = "faults/classes.rs"]
mod classes;
#[path = "faults/connections.rs"]
mod connections;
#[path = "faults/definitions.rs"]
mod definitions;
#[path = "faults/empty_tables.rs"]
mod empty_tables;
#[path = "faults/halving.rs"]
mod halving;
#[path = "faults/instance.rs"]
mod instance;
#[path = "faults/restarts.rs"]
mod restarts;
#[path = "faults/row_values.rs"]
mod row_values;
#[path = "faults/server.rs"]
mod server;
#[path = "faults/signals.rs"]
mod signals;
#[path = "faults/sqlite.rs"]
mod sqlite;
#[path = "faults/sqlite_file.rs"]
mod sqlite_file;
#[path = "faults/statement_faults.rs"]
mod statement_faults;
#[path = "faults/statements.rs"]
mod statements;
