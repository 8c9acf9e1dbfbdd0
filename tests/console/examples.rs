//! The examples of the source documents, typed at a prompt: the values are those of direct SQL.

use crate::pty::Prompt;
use crate::support::cli::Cli;
use crate::{instance, oracle};

const ACTIVE: &str = "users WHERE state IN ('active') AND (user_type IS NULL OR user_type IN (6, 4))";
const AWS: &str = "cluster_providers_aws JOIN clusters ON clusters.id = cluster_providers_aws.cluster_id \
                   WHERE cluster_providers_aws.status = 3 AND clusters.enabled";
const WITH_SUGGESTIONS: &str = "notes JOIN suggestions ON suggestions.note_id = notes.id";
const PERIOD: &str = "notes.created_at BETWEEN '2026-10-20 10:54:30' AND '2026-11-17 10:54:30'";

/// What is typed, and the SQL that gives the same.
fn examples() -> Vec<(String, String)> {
    let same = |typed: &str, sql: &str| (typed.to_owned(), sql.to_owned());
    vec![
        (format!("count({ACTIVE})"), format!("SELECT count(*) FROM {ACTIVE}")),
        (
            format!("count({AWS}, cluster_providers_aws.cluster_id)"),
            format!("SELECT count(cluster_providers_aws.cluster_id) FROM {AWS}"),
        ),
        same(
            "distinct_count(projects, creator_id)",
            "SELECT count(DISTINCT creator_id) FROM projects",
        ),
        (
            format!(
                "distinct_count({WITH_SUGGESTIONS}, notes.author_id, start: minimum(users, id), \
                 finish: maximum(users, id), time_frame: 28d, timestamp_column: notes.created_at)"
            ),
            format!(
                "SELECT count(DISTINCT notes.author_id) FROM {WITH_SUGGESTIONS} WHERE {PERIOD} AND notes.author_id \
                 BETWEEN (SELECT min(id) FROM users) AND (SELECT max(id) FROM users)"
            ),
        ),
        same(
            "count(namespaces GROUP BY type)",
            "SELECT type, count(*) FROM namespaces GROUP BY type",
        ),
        same(
            "distinct_count(projects GROUP BY visibility_level, column: creator_id)",
            "SELECT visibility_level, count(DISTINCT creator_id) FROM projects GROUP BY visibility_level",
        ),
        same(
            "sum(issues GROUP BY state_id, column: weight)",
            "SELECT state_id, sum(weight) FROM issues GROUP BY state_id",
        ),
        same(
            "average(issues GROUP BY state_id, column: weight)",
            "SELECT state_id, avg(weight) FROM issues GROUP BY state_id",
        ),
        same("sum(issues, weight)", "SELECT sum(weight) FROM issues"),
        (
            format!("active = count({ACTIVE})"),
            format!("SELECT count(*) FROM {ACTIVE}"),
        ),
        same(
            "bot = count(users WHERE user_type = 6)",
            "SELECT count(*) FROM users WHERE user_type = 6",
        ),
        (
            "add(active, bot)".to_owned(),
            format!("SELECT (SELECT count(*) FROM {ACTIVE}) + (SELECT count(*) FROM users WHERE user_type = 6)"),
        ),
        same(
            "histogram(issues, project_id, buckets: 1..100)",
            "SELECT CASE WHEN size >= 100 THEN 100 ELSE size END AS bucket, count(*) FROM \
             (SELECT count(*) AS size FROM issues GROUP BY project_id) AS sizes GROUP BY 1",
        ),
        same("sql SELECT max(id) FROM users", "SELECT max(id) FROM users"),
    ]
}

/// Whatever is off by more than a sketch of 2^14 registers is nearly never.
const WITHIN: f64 = 0.03;

fn assert_examples(cli: &Cli, answer: &dyn Fn(&str) -> oracle::Rows) {
    let mut prompt = Prompt::open(cli, &["--now", "2026-11-19T10:54:30Z"]);
    for (typed, sql) in examples() {
        let value = prompt.value(&typed);
        assert_eq!(oracle::mismatch(&value, &answer(&sql), 0.0), None, "{typed}");
        assert_ne!(value, serde_json::json!(0), "{typed}");
    }
    let estimate = prompt.value("estimate_batch_distinct_count(notes, author_id)");
    let exact = answer("SELECT count(DISTINCT author_id) FROM notes");
    assert_eq!(oracle::mismatch(&estimate, &exact, WITHIN), None);
    prompt.quit();
}

fn configured(url: &str) -> Cli {
    let cli = Cli::new();
    let definitions = env!("CARGO_MANIFEST_DIR");
    cli.write(
        "service-ping.toml",
        &format!("definitions = {definitions:?}\n[database.main]\nurl = \"{url}\"\n"),
    );
    cli
}

#[test]
fn on_sqlite_they_are_direct_sqls() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = instance::sqlite(folder.path());
    let cli = configured(&format!("sqlite://{}", path.display()));
    assert_examples(&cli, &|sql| oracle::sqlite(&path, sql));
}

#[test]
fn on_postgresql_they_are_psqls() {
    let Some(database) = instance::postgres() else { return };
    let cli = configured(&database.reader_url());
    assert_examples(&cli, &|sql| {
        oracle::split(&database.psql(&format!("SET TIME ZONE 'UTC'; {sql}")))
    });
}
