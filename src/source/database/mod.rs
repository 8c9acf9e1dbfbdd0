//! The instance's databases: read-only sessions over PostgreSQL and SQLite, bounded in time and cancelled on the server.

mod error;
mod index;
mod interrupt;
mod listing;
mod postgres;
mod question;
mod rehearsal;
mod schema;
mod server_facts;
mod session;
mod settings;
mod sqlite;
mod throttle;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

pub use error::DatabaseError;
pub use index::{IndexInfo, indexes, table_names};
pub use interrupt::{Interrupt, Stop, Switch};
pub use listing::{ListedColumn, ListedTable};
pub use question::ProductUser;
pub use rehearsal::Rehearsal;
pub use schema::{ColumnKind, TableInfo, TableKind, TablePartition};
pub use server_facts::adapter;
pub use session::{Cells, Parameter, Row, Session, Statement, StatementLog, unpacked};
pub use throttle::ThrottleCause;

use crate::config;
use crate::relation::{Dialect, MainTable};
use throttle::Throttle;

/// How long a whole run keeps trying to reach a server that went away, before it fails fast for the rest.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(15);
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);
/// For how long an attempt in vain speaks for the next ones: a server that says nothing costs ten seconds each time, and
/// one that refuses a password may lock the role out.
const REFUSAL_HOLDS: Duration = Duration::from_secs(10);

/// How a database is reached and what a session may cost it.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// The name under `[database.*]`.
    pub name: String,
    /// Where it is, with its secrets; never printed.
    pub url: DatabaseUrl,
    /// Further servers that hold the same data: what is read is shared out among all of them.
    pub others: Vec<DatabaseUrl>,
    /// The server ends any statement of ours after this long.
    pub statement_timeout: Duration,
    /// The server gives up waiting for a lock after this long.
    pub lock_timeout: Duration,
    /// What `pg_stat_activity` calls us.
    pub application_name: String,
    /// The most sessions that a run opens at once.
    pub connections: usize,
    /// The time that one range of a scan should take; ranges grow and shrink by it.
    pub batch_time: Duration,
    /// The most groups that a grouped metric may have.
    pub max_groups: usize,
    /// When a run waits before it sends the next statement.
    pub throttle: config::Throttle,
}

impl DatabaseOptions {
    /// A database at `url` with everything else as the configuration has it by default.
    pub fn new(name: impl Into<String>, url: DatabaseUrl) -> DatabaseOptions {
        DatabaseOptions {
            name: name.into(),
            url,
            others: Vec::new(),
            statement_timeout: Duration::from_secs(15),
            lock_timeout: Duration::from_secs(2),
            application_name: "service-ping".to_owned(),
            connections: 2,
            batch_time: Duration::from_millis(500),
            max_groups: 10_000,
            throttle: config::Throttle::default(),
        }
    }
}

/// A database URL; its `Debug` shows the scheme alone.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn new(url: impl Into<String>) -> DatabaseUrl {
        DatabaseUrl(url.into())
    }

    fn reveal(&self) -> &str {
        &self.0
    }

    /// The dialect that the scheme names, `None` for a scheme that is not supported.
    pub fn dialect(&self) -> Option<Dialect> {
        match self.0.split(':').next()? {
            "postgres" | "postgresql" => Some(Dialect::Postgres),
            "sqlite" => Some(Dialect::Sqlite),
            _ => None,
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:…", self.0.split(':').next().unwrap_or_default())
    }
}

/// The last attempt in vain.
#[derive(Debug, Clone)]
struct GivenUp {
    at: Instant,
    error: DatabaseError,
}

/// One named database of the instance.
#[derive(Debug)]
pub struct Database {
    options: DatabaseOptions,
    dialect: Dialect,
    tables: Mutex<HashMap<MainTable, Arc<TableInfo>>>,
    /// The ends of tables, by the statement that asked for them: the metrics of a run share them.
    bounds: Mutex<HashMap<String, Vec<Row>>>,
    /// How long a run waits for a server that is away.
    patience: Duration,
    /// Set when waiting for the server was in vain: for a while later sessions fail as that one did, then they try once.
    given_up: Mutex<Option<GivenUp>>,
    /// Where its sessions come from, if it is none of the instance's.
    rehearsal: Option<Rehearsal>,
    /// One a server.
    throttles: Vec<Throttle>,
}

impl Database {
    /// Nothing is opened yet.
    ///
    /// # Errors
    /// [`DatabaseError::Unsupported`] where the URL's scheme is neither `postgres` nor `sqlite`.
    pub fn new(options: DatabaseOptions) -> Result<Database, DatabaseError> {
        let dialect = options
            .url
            .dialect()
            .ok_or_else(|| DatabaseError::Unsupported(options.name.clone()))?;
        Ok(Database {
            throttles: Throttle::of_servers(&options.throttle, 1 + options.others.len()),
            options,
            dialect,
            tables: Mutex::default(),
            bounds: Mutex::default(),
            patience: RECONNECT_PATIENCE,
            given_up: Mutex::default(),
            rehearsal: None,
        })
    }

    /// The same database with the rehearsal's connection for all its sessions.
    fn rehearsed(self, rehearsal: Rehearsal) -> Database {
        Database {
            dialect: rehearsal.dialect(),
            rehearsal: Some(rehearsal),
            ..self
        }
    }

    /// The same database for somebody who sits and waits: a server that is away is tried once.
    pub fn impatient(self) -> Database {
        Database {
            patience: Duration::ZERO,
            ..self
        }
    }

    pub fn name(&self) -> &str {
        &self.options.name
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub fn options(&self) -> &DatabaseOptions {
        &self.options
    }

    /// How many servers hold its data.
    pub fn servers(&self) -> usize {
        1 + self.options.others.len()
    }

    /// A read-only session on the first server that has one, each tried once.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`] where no server can be reached or all refuse the role,
    /// [`DatabaseError::Interrupted`] where the interrupt was raised first.
    pub async fn open(&self, interrupt: &Interrupt, log: StatementLog) -> Result<Session, DatabaseError> {
        let mut first = None;
        for server in 0..self.servers() {
            match self.open_at(server, interrupt, log.clone()).await {
                Err(error) if error.ends_session() && error != DatabaseError::Interrupted => {
                    first.get_or_insert(error);
                }
                other => return other,
            }
        }
        Err(first.unwrap_or(DatabaseError::Interrupted))
    }

    /// A read-only session on one of its servers, tried once.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open_at(
        &self,
        server: usize,
        interrupt: &Interrupt,
        log: StatementLog,
    ) -> Result<Session, DatabaseError> {
        if let Some(rehearsal) = &self.rehearsal {
            return Ok(rehearsal.session(interrupt.clone(), log).await);
        }
        let mut options = self.options.clone();
        if let Some(other) = server.checked_sub(1).and_then(|other| self.options.others.get(other)) {
            options.url = other.clone();
        }
        let mut raised = interrupt.clone();
        tokio::select! {
            session = Session::open(&options, self.dialect, interrupt.clone(), log) => session.map(|session| session.at(server)),
            () = raised.raised() => Err(DatabaseError::Interrupted),
        }
    }

    /// A read-only session, when the hours for it have begun; a server that is away is waited for, once a run, because
    /// restarts are short.
    ///
    /// # Errors
    /// As [`Database::open`], when the patience has run out.
    pub async fn open_patiently(&self, interrupt: &Interrupt, log: StatementLog) -> Result<Session, DatabaseError> {
        self.pass_hours(interrupt).await?;
        let given_up = self.given_up.lock().await.clone();
        let patience = match given_up {
            Some(given_up) if given_up.at.elapsed() < REFUSAL_HOLDS => return Err(given_up.error),
            Some(_) => Duration::ZERO,
            None => self.patience,
        };
        let deadline = Instant::now() + patience;
        loop {
            let error = match self.open(interrupt, log.clone()).await {
                Ok(session) => {
                    *self.given_up.lock().await = None;
                    return Ok(session);
                }
                Err(DatabaseError::Interrupted) => return Err(DatabaseError::Interrupted),
                Err(error) => error,
            };
            if !error.may_pass() || Instant::now() >= deadline {
                *self.given_up.lock().await = Some(GivenUp {
                    at: Instant::now(),
                    error: error.clone(),
                });
                return Err(error);
            }
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
    }

    /// What the catalogue says of a table, asked once; `None` where there is no such table.
    ///
    /// # Errors
    /// As any statement of the session.
    pub async fn table(
        &self,
        session: &mut Session,
        table: &MainTable,
    ) -> Result<Option<Arc<TableInfo>>, DatabaseError> {
        let key = MainTable {
            alias: String::new(),
            ..table.clone()
        };
        if let Some(known) = self.tables.lock().await.get(&key) {
            return Ok(Some(known.clone()));
        }
        let Some(found) = session.describe_table(table).await? else {
            return Ok(None);
        };
        let found = Arc::new(found);
        self.tables.lock().await.insert(key, found.clone());
        Ok(Some(found))
    }

    /// The answer to a MIN and MAX of a whole table, asked once.
    ///
    /// # Errors
    /// As any statement of the session.
    pub async fn bounds(&self, session: &mut Session, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        if let Some(known) = self.bounds.lock().await.get(sql) {
            return Ok(known.clone());
        }
        let rows = session.rows(sql).await?;
        self.bounds.lock().await.insert(sql.to_owned(), rows.clone());
        Ok(rows)
    }
}
