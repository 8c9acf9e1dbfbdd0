//! The one large table, like GitLab's issues.

use crate::Result;
use crate::support::postgres::Database;

/// In a measured run.
pub const ROWS: u64 = 5_000_000;
pub const TABLE: &str = "issues";

/// Twenty conditions as metrics have them: equality, lists, NULL, patterns, ranges, two at once.
pub const CONDITIONS: [&str; 20] = [
    "state_id = 1",
    "state_id = 2",
    "state_id = 4",
    "author_id IS NULL",
    "weight IS NOT NULL",
    "weight > 5",
    "weight BETWEEN 1 AND 3",
    "confidential",
    "NOT confidential AND discussion_locked",
    "issue_type IN (1, 2)",
    "issue_type = 0 AND state_id = 2",
    "title LIKE '%error%'",
    "title LIKE 'Draft:%'",
    "created_at >= '2026-05-01'",
    "closed_at IS NULL",
    "closed_at >= '2026-10-01' AND state_id = 2",
    "updated_at > '2026-11-01'",
    "milestone_id IS NOT NULL AND state_id = 1",
    "project_id IN (1, 2, 3, 5, 8, 13)",
    "relative_position < 0",
];

/// Makes the table, with no index but its key's.
pub fn make(database: &Database<'_>, rows: u64) {
    eprintln!("making {rows} issues");
    database.psql(
        "CREATE TABLE issues (id bigint NOT NULL, project_id integer NOT NULL, author_id integer,
            milestone_id integer, state_id smallint NOT NULL, issue_type smallint NOT NULL, weight integer,
            relative_position integer, confidential boolean NOT NULL, discussion_locked boolean,
            created_at timestamp NOT NULL, updated_at timestamp NOT NULL, closed_at timestamp, title text NOT NULL)",
    );
    // Every column from bits of its own of three hashes; two years up to the runs' point in time.
    database.psql(&format!(
        "INSERT INTO issues SELECT i, 1 + a % 20000, CASE WHEN a % 50 = 7 THEN NULL ELSE 1 + b % 299999 END,
            CASE WHEN c % 4 = 0 THEN c % 1000 END, CASE WHEN b % 100 = 0 THEN 4 WHEN b % 5 < 2 THEN 1 ELSE 2 END,
            CASE WHEN c % 10 = 0 THEN 1 WHEN c % 10 = 1 THEN 2 ELSE 0 END, CASE WHEN a % 3 = 0 THEN a % 11 END,
            a % 4000 - 500, c % 20 = 0, CASE WHEN a % 9 = 0 THEN b % 2 = 0 END, at, at + (b % 90) * interval '1 day',
            CASE WHEN c % 2 = 0 THEN at + (a % 60) * interval '1 day' END,
            CASE WHEN a % 13 = 0 THEN 'Draft: ' ELSE '' END || 'Something of interest about '
            || CASE WHEN c % 17 = 0 THEN 'an error' ELSE 'a page' END || ', number ' || i
         FROM (SELECT i, hashint8extended(i, 1) & 2147483647 AS a, hashint8extended(i, 2) & 2147483647 AS b,
            hashint8extended(i, 3) & 2147483647 AS c,
            timestamp '2026-11-19' - ({rows} - i) * (interval '730 days' / {rows}) AS at
         FROM generate_series(1::bigint, {rows}) i) AS drawn",
    ));
    database.psql("ALTER TABLE issues ADD PRIMARY KEY (id)");
    database.psql("VACUUM (FREEZE, ANALYZE) issues");
}

/// How many blocks the table has.
pub fn blocks(database: &Database<'_>) -> Result<u64> {
    let answer = database.psql("SELECT pg_relation_size('issues') / current_setting('block_size')::bigint");
    Ok(answer.parse()?)
}
