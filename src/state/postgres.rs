//! The store on PostgreSQL: a schema of its own, so that it can share a database with the instance.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::error::{OpenError, StateError};
use super::location::redacted;

const CONNECTIONS: u32 = 4;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Any number, as long as every process takes the same: it guards the creation of the schema.
const SCHEMA_LOCK: i64 = 0x5345_5256_5049_4e47;
const MIGRATIONS_TABLE: &str = "service_ping._sqlx_migrations";

/// Opens the store and migrates it.
pub(super) async fn open(url: &str) -> Result<PgPool, StateError> {
    let options = options(url)?;
    let opening = |source: sqlx::Error| StateError::Open {
        location: redacted(url),
        source: OpenError::from(source),
    };
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = pool.connect_with(options).await.map_err(opening)?;
    create_schema(&pool).await.map_err(opening)?;
    migrate(&pool).await.map_err(|source| StateError::Migrate {
        location: redacted(url),
        source,
    })?;
    Ok(pool)
}

fn options(url: &str) -> Result<PgConnectOptions, StateError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| StateError::InvalidUrl)?;
    Ok(options
        .application_name("service-ping state")
        .options([
            ("search_path", "service_ping"),
            ("timezone", "UTC"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "15s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ])
        .disable_statement_logging())
}

/// Creates the schema unless it exists. `IF NOT EXISTS` alone would not do: it fails when two sessions race, and it
/// demands the right to create schemas even where an administrator has made this one.
async fn create_schema(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(SCHEMA_LOCK)
        .execute(&mut *transaction)
        .await?;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'service_ping')")
        .fetch_one(&mut *transaction)
        .await?;
    if !exists {
        sqlx::query("CREATE SCHEMA service_ping")
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    let mut migrator = sqlx::migrate!("migrations/postgres");
    // Not `public`: the instance may well keep a `_sqlx_migrations` of its own there.
    migrator.dangerous_set_table_name(MIGRATIONS_TABLE);
    migrator.run(pool).await
}
