//! Stores on PostgreSQL: a schema of their own, so that they can share a database with the instance.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::error::{OpenError, StateError};
use super::location::redacted;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the engine's own store is.
pub(super) const STATE: Home = Home {
    schema: "service_ping",
    lock: 0x5345_5256_5049_4e47,
    application_name: "service-ping state",
    connections: 4,
};

/// A store's place in a database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home {
    /// A plain name: it is written into statements.
    pub(crate) schema: &'static str,
    /// Any number, as long as every process takes the same: it guards the creation of the schema.
    pub(crate) lock: i64,
    pub(crate) application_name: &'static str,
    pub(crate) connections: u32,
}

/// Opens a store and migrates it.
///
/// # Errors
/// The URL cannot be read, the server cannot be reached, or a migration failed.
pub(crate) async fn open(url: &str, home: &Home, migrator: Migrator) -> Result<PgPool, StateError> {
    let options = options(url, home)?;
    let opening = |source: sqlx::Error| StateError::Open {
        location: redacted(url),
        source: OpenError::from(source),
    };
    let pool = PgPoolOptions::new()
        .max_connections(home.connections)
        .acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = pool.connect_with(options).await.map_err(opening)?;
    create_schema(&pool, home).await.map_err(opening)?;
    migrate(&pool, home, migrator)
        .await
        .map_err(|source| StateError::Migrate {
            location: redacted(url),
            source,
        })?;
    Ok(pool)
}

fn options(url: &str, home: &Home) -> Result<PgConnectOptions, StateError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| StateError::InvalidUrl)?;
    Ok(options
        .application_name(home.application_name)
        .options([
            ("search_path", home.schema),
            ("timezone", "UTC"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "15s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ])
        .disable_statement_logging())
}

/// Creates the schema unless it exists. `IF NOT EXISTS` alone would not do: it fails when two sessions race, and it
/// demands the right to create schemas even where an administrator has made this one.
async fn create_schema(pool: &PgPool, home: &Home) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(home.lock)
        .execute(&mut *transaction)
        .await?;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)")
        .bind(home.schema)
        .fetch_one(&mut *transaction)
        .await?;
    if !exists {
        sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {}", home.schema)))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

async fn migrate(pool: &PgPool, home: &Home, mut migrator: Migrator) -> Result<(), sqlx::migrate::MigrateError> {
    // Not `public`: the instance may well keep a `_sqlx_migrations` of its own there.
    migrator.dangerous_set_table_name(format!("{}._sqlx_migrations", home.schema));
    migrator.run(pool).await
}
