//! The state store, the same tests on SQLite and on PostgreSQL.

/// Runs each test on both stores.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::place::Place::sqlite()).await })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::place::Place::postgres().await).await })+
        }
    };
}

#[path = "state/consent.rs"]
mod consent;
#[path = "state/history.rs"]
mod history;
#[path = "state/leases.rs"]
mod leases;
#[path = "state/opening.rs"]
mod opening;
#[path = "state/place.rs"]
mod place;
#[path = "state/postgres.rs"]
mod postgres;
#[path = "state/records.rs"]
mod records;
#[path = "state/reports.rs"]
mod reports;
#[path = "state/retention.rs"]
mod retention;
#[path = "state/schedule.rs"]
mod schedule;
