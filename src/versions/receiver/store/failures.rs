//! Metrics without a value, by instance.

use std::collections::HashMap;

use sqlx::FromRow;

use super::open::{Pool, ReceiverStore, on_pool};
use super::turn::{Turn, in_turn};
use crate::versions::receiver::reading::MetricFailure;

const BY_VERSION_ON_SQLITE: &str = "SELECT f.key_path, i.version, group_concat(DISTINCT f.reason) AS reasons, \
    count(DISTINCT f.instance_id) AS instances FROM metric_failures f JOIN instances i ON i.id = f.instance_id \
    WHERE $1 IS NULL OR i.version = $1 GROUP BY f.key_path, i.version \
    ORDER BY instances DESC, f.key_path, i.version LIMIT $2";
const BY_VERSION_ON_POSTGRES: &str = "SELECT f.key_path, i.version, string_agg(DISTINCT f.reason, ',') AS reasons, \
    count(DISTINCT f.instance_id) AS instances FROM metric_failures f JOIN instances i ON i.id = f.instance_id \
    WHERE $1 IS NULL OR i.version = $1 GROUP BY f.key_path, i.version \
    ORDER BY instances DESC, f.key_path, i.version LIMIT $2";

/// Where it was learned that a metric has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Payload,
    Metadata,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Source::Payload => "payload",
            Source::Metadata => "metadata",
        }
    }
}

/// How many instances of a version have no value of a metric.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(in crate::versions::receiver) struct FailureCount {
    pub(in crate::versions::receiver) key_path: String,
    pub(in crate::versions::receiver) version: Option<String>,
    /// The reasons, separated by commas.
    pub(in crate::versions::receiver) reasons: Option<String>,
    pub(in crate::versions::receiver) instances: i64,
    /// Instances of that version at all.
    #[sqlx(default)]
    pub(in crate::versions::receiver) of: i64,
}

impl Turn {
    /// Keeps what failed in an instance's last payload or metadata, in place of what did before.
    pub(super) async fn keep_failures(
        &mut self,
        instance: i64,
        source: Source,
        failures: &[MetricFailure],
    ) -> Result<(), sqlx::Error> {
        in_turn!(self, |connection| sqlx::query(
            "DELETE FROM metric_failures WHERE instance_id = $1 AND source = $2"
        )
        .bind(instance)
        .bind(source.name())
        .execute(connection)
        .await
        .map(drop))?;
        if failures.is_empty() {
            return Ok(());
        }
        let pairs: Vec<(&str, &str)> = failures
            .iter()
            .map(|failure| (failure.key_path.as_str(), failure.reason.as_str()))
            .collect();
        match self {
            Turn::Sqlite(transaction) => {
                let insert = "INSERT INTO metric_failures (instance_id, source, key_path, reason) \
                              SELECT $1, $2, value ->> 0, value ->> 1 FROM json_each($3) WHERE true ON CONFLICT DO NOTHING";
                let insert = sqlx::query(insert)
                    .bind(instance)
                    .bind(source.name())
                    .bind(sqlx::types::Json(pairs));
                insert.execute(&mut **transaction).await.map(drop)
            }
            Turn::Postgres(transaction) => {
                let (paths, reasons): (Vec<&str>, Vec<&str>) = pairs.into_iter().unzip();
                let insert = "INSERT INTO metric_failures (instance_id, source, key_path, reason) \
                              SELECT $1, $2, * FROM unnest($3::text[], $4::text[]) ON CONFLICT DO NOTHING";
                let insert = sqlx::query(insert)
                    .bind(instance)
                    .bind(source.name())
                    .bind(paths)
                    .bind(reasons);
                insert.execute(&mut **transaction).await.map(drop)
            }
        }
    }
}

impl ReceiverStore {
    /// Failures by metric and version, those of the most instances first, at most so many.
    pub(in crate::versions::receiver) async fn failure_counts(
        &self,
        version: Option<&str>,
        most: i64,
    ) -> Result<Vec<FailureCount>, sqlx::Error> {
        let mut counts: Vec<FailureCount> = match &self.pool {
            Pool::Sqlite(pool) => {
                sqlx::query_as(BY_VERSION_ON_SQLITE)
                    .bind(version)
                    .bind(most)
                    .fetch_all(pool)
                    .await?
            }
            Pool::Postgres(pool) => {
                sqlx::query_as(BY_VERSION_ON_POSTGRES)
                    .bind(version)
                    .bind(most)
                    .fetch_all(pool)
                    .await?
            }
        };
        let fleet: Vec<(Option<String>, i64)> = on_pool!(self, |pool| {
            sqlx::query_as("SELECT version, count(*) FROM instances GROUP BY version")
                .fetch_all(pool)
                .await
        })?;
        let fleet: HashMap<Option<String>, i64> = fleet.into_iter().collect();
        for count in &mut counts {
            count.of = fleet.get(&count.version).copied().unwrap_or_default();
        }
        Ok(counts)
    }

    /// What one instance has no value of: key path, where that was learned, and the reason.
    pub(in crate::versions::receiver) async fn failures_of(
        &self,
        instance: i64,
    ) -> Result<Vec<(String, String, String)>, sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT key_path, source, reason FROM metric_failures WHERE instance_id = $1 ORDER BY key_path, source LIMIT 1000"
        )
        .bind(instance)
        .fetch_all(pool)
        .await
        })
    }
}
