//! What a database knows of itself: its version, its cluster's number, who runs it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DatabaseError, Session};
use crate::measure::ServerFact;
use crate::relation::Dialect;

/// Services that show themselves: by a setting that only they have, or by a function or a database of theirs.
const FLAVOR: &str = "CASE \
 WHEN to_regproc('aurora_version') IS NOT NULL THEN 'Amazon Aurora PostgreSQL' \
 WHEN current_setting('rds.extensions', true) IS NOT NULL THEN 'PostgreSQL on Amazon RDS' \
 WHEN current_setting('alloydb.iam_authentication', true) IS NOT NULL THEN 'AlloyDB for PostgreSQL' \
 WHEN current_setting('cloudsql.iam_authentication', true) IS NOT NULL THEN 'Cloud SQL for PostgreSQL' \
 WHEN current_setting('azure.extensions', true) IS NOT NULL THEN 'Azure Database for PostgreSQL - Flexible Server' \
 WHEN EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = 'azure_maintenance') \
 THEN 'Azure Database for PostgreSQL - Single Server' END";
const SYSTEM_ID: &str = "(SELECT system_identifier FROM pg_control_system())";

/// What the dialect alone tells.
pub fn adapter(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "postgresql",
        Dialect::Sqlite => "sqlite",
    }
}

impl Session {
    /// All facts by one statement; what the database has not is null. Where a role may not ask for the cluster's number,
    /// one more tells the others.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub async fn server_facts(&mut self) -> Result<BTreeMap<&'static str, Value>, DatabaseError> {
        let rows = match self.dialect() {
            Dialect::Sqlite => self.rows("SELECT sqlite_version(), NULL, NULL").await?,
            Dialect::Postgres => match self.rows(&postgres(SYSTEM_ID)).await {
                Err(DatabaseError::Refused { .. }) => self.rows(&postgres("NULL")).await?,
                answer => answer?,
            },
        };
        let mut cells = rows.into_iter().next().unwrap_or_default().into_iter();
        let mut next = || cells.next().flatten();
        // A packager's name follows the number.
        let version = next().and_then(|text| text.split_whitespace().next().map(str::to_owned));
        let system_id = next().and_then(|text| text.parse::<i64>().ok());
        Ok(BTreeMap::from([
            (ServerFact::Adapter.as_str(), Value::from(adapter(self.dialect()))),
            (ServerFact::Version.as_str(), Value::from(version)),
            (ServerFact::SystemId.as_str(), Value::from(system_id)),
            (ServerFact::Flavor.as_str(), Value::from(next())),
        ]))
    }
}

fn postgres(system_id: &str) -> String {
    format!("SELECT current_setting('server_version'), {system_id}, {FLAVOR}")
}
