//! The tables of a large ping: sizes as an instance has them, from one huge to many small.

use crate::support::postgres::Database;

/// A table, and how much of the ping is about it.
pub struct PingTable {
    pub name: &'static str,
    /// In a measured run.
    pub rows: u64,
    /// Its share of the metrics.
    pub weight: usize,
}

const fn table(name: &'static str, rows: u64, weight: usize) -> PingTable {
    PingTable { name, rows, weight }
}

/// Over 15 million rows.
pub const TABLES: [PingTable; 30] = [
    table("issues", 5_000_000, 60),
    table("merge_requests", 2_000_000, 34),
    table("notes", 2_000_000, 34),
    table("ci_builds", 1_500_000, 30),
    table("todos", 1_500_000, 28),
    table("events", 1_000_000, 28),
    table("deployments", 300_000, 12),
    table("ci_pipelines", 300_000, 12),
    table("packages", 300_000, 12),
    table("members", 300_000, 12),
    table("labels", 300_000, 12),
    table("snippets", 300_000, 12),
    table("releases", 300_000, 12),
    table("keys", 300_000, 12),
    table(USERS, 200_000, 12),
    table(PROJECTS, 100_000, 12),
    table("milestones", 100_000, 8),
    table("environments", 100_000, 8),
    table("namespaces", 100_000, 8),
    table("integrations", 100_000, 8),
    table("boards", 50_000, 8),
    table("clusters", 30_000, 8),
    table("runners", 30_000, 8),
    table("services", 30_000, 8),
    table("schedules", 20_000, 8),
    table("epics", 20_000, 8),
    table("iterations", 10_000, 8),
    table("alerts", 10_000, 8),
    table("imports", 10_000, 8),
    table("designs", 10_000, 8),
];
pub const USERS: &str = "users";
pub const PROJECTS: &str = "projects";

/// Makes all tables, with rows divided by `scale`. Each second has an index on its time of creation, each third one on its
/// users, each fourth one on a part of it.
pub fn make(database: &Database<'_>, scale: u64) {
    let rows = |table: &PingTable| (table.rows / scale).max(1);
    eprintln!(
        "making {} rows of {} tables",
        TABLES.iter().map(rows).sum::<u64>(),
        TABLES.len()
    );
    let of = |name: &str| TABLES.iter().find(|table| table.name == name).map_or(1, rows);
    let (users, projects) = (of(USERS), of(PROJECTS));
    for table in &TABLES {
        fill(database, table.name, rows(table), users, projects);
    }
    for (number, table) in TABLES.iter().enumerate() {
        index(database, number, table.name);
    }
    database.psql("VACUUM (FREEZE, ANALYZE)");
}

fn fill(database: &Database<'_>, name: &str, rows: u64, users: u64, projects: u64) {
    database.psql(&format!(
        "CREATE TABLE {name} (id bigint NOT NULL, project_id integer NOT NULL, user_id integer, kind smallint NOT NULL,
            state smallint NOT NULL, amount integer NOT NULL, active boolean NOT NULL, note text,
            created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
         INSERT INTO {name} SELECT i, 1 + a % {projects}, CASE WHEN b % 50 <> 7 THEN 1 + b % {users} END, c % 7,
            a % 5, b % 1000, c % 3 <> 0, 'some words about ' || a % 1000 || ' things', at, at + (c % 30) * interval '1 day'
         FROM (SELECT i, hashint8extended(i, 1) & 2147483647 AS a, hashint8extended(i, 2) & 2147483647 AS b,
            hashint8extended(i, 3) & 2147483647 AS c,
            timestamp '2026-11-19' - ({rows} - i) * (interval '900 days' / {rows}) AS at
         FROM generate_series(1::bigint, {rows}) i) AS drawn;
         ALTER TABLE {name} ADD PRIMARY KEY (id)"
    ));
}

fn index(database: &Database<'_>, number: usize, name: &str) {
    if name != PROJECTS {
        database.psql(&format!(
            "ALTER TABLE {name} ADD FOREIGN KEY (project_id) REFERENCES {PROJECTS} (id)"
        ));
    }
    for (every, column) in [(2, "(created_at)"), (3, "(user_id)"), (4, "(id) WHERE state = 4")] {
        if number.is_multiple_of(every) {
            database.psql(&format!("CREATE INDEX ON {name} {column}"));
        }
    }
}
