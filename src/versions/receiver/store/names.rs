//! Key paths by number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::open::{Pool, ReceiverStore, on_pool};

/// Names at most. A fleet of one product has some thousand; whoever makes names up must not fill the store with them.
const MOST_NAMES: usize = 50_000;

/// The numbers that this process has seen.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<HashMap<String, i64>>>);

impl Names {
    fn known(&self, paths: &[(String, f64)]) -> Vec<Option<i64>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        paths.iter().map(|(path, _)| known.get(path).copied()).collect()
    }

    fn learn(&self, found: Vec<(i64, String)>) -> usize {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(found.into_iter().map(|(id, path)| (path, id)));
        known.len()
    }
}

impl ReceiverStore {
    /// The numbers of key paths, new ones for those that have none yet. Once there are too many names, new ones get none.
    pub(in crate::versions::receiver) async fn numbered(
        &self,
        metrics: &[(String, f64)],
    ) -> Result<Vec<(i64, f64)>, sqlx::Error> {
        let mut ids = self.names.known(metrics);
        if ids.iter().any(Option::is_none) {
            self.add_names(metrics).await?;
            ids = self.names.known(metrics);
        }
        let numbers = ids.into_iter().zip(metrics);
        Ok(numbers.filter_map(|(id, (_, number))| Some((id?, *number))).collect())
    }

    async fn add_names(&self, metrics: &[(String, f64)]) -> Result<(), sqlx::Error> {
        if self.names.learn(Vec::new()) >= MOST_NAMES {
            return Ok(());
        }
        // Other receivers may have added names since.
        let kept = self.names.learn(self.all_names().await?);
        let numbered = metrics.iter().zip(self.names.known(metrics));
        let unknown: Vec<&str> = numbered
            .filter(|(_, id)| id.is_none())
            .map(|((path, _), _)| path.as_str())
            .take(MOST_NAMES.saturating_sub(kept))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        self.insert_names(&unknown).await?;
        self.names.learn(self.all_names().await?);
        Ok(())
    }

    async fn all_names(&self) -> Result<Vec<(i64, String)>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as("SELECT id, key_path FROM metric_names")
            .fetch_all(pool)
            .await)
    }

    async fn insert_names(&self, paths: &[&str]) -> Result<(), sqlx::Error> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                let paths = sqlx::types::Json(paths);
                let insert = "INSERT INTO metric_names (key_path) SELECT value FROM json_each($1) WHERE true ON CONFLICT DO NOTHING";
                sqlx::query(insert).bind(paths).execute(pool).await.map(drop)
            }
            Pool::Postgres(pool) => {
                // In one order, so that two receivers do not wait for each other's names.
                let mut paths = paths.to_vec();
                paths.sort_unstable();
                let insert = "INSERT INTO metric_names (key_path) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING";
                sqlx::query(insert).bind(paths).execute(pool).await.map(drop)
            }
        }
    }
}
