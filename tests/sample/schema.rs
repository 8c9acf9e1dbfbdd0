//! The sample's schema against GitLab's own of release 18.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use service_ping::sample::{Table, tables};

/// Column name to (type, part of the primary key).
type Columns = BTreeMap<String, (String, bool)>;

/// GitLab's tables, or `None` where the data is not at hand.
fn gitlab() -> Option<BTreeMap<String, Columns>> {
    let data = std::env::var_os("SERVICE_PING_COMPAT_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let file = data.join("gitlab/v18/schema/columns.tsv");
    let Ok(text) = std::fs::read_to_string(&file) else {
        eprintln!("not run: {} is not there", file.display());
        return None;
    };
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [table, column, kind, _, key] = fields[..] else {
            panic!("{line}")
        };
        let columns = tables.entry(table.to_owned()).or_default();
        columns.insert(column.to_owned(), (kind.to_owned(), key == "pk"));
    }
    Some(tables)
}

/// PostgreSQL's types of text are one to us.
fn plain(kind: &str) -> &str {
    if kind.starts_with("character varying") {
        "text"
    } else {
        kind
    }
}

#[test]
fn every_table_and_column_is_one_of_gitlabs() {
    let Some(gitlab) = gitlab() else { return };
    for table in tables() {
        let Some(columns) = gitlab.get(table.name) else {
            panic!("{} is no table of GitLab's", table.name)
        };
        for column in table.columns {
            let place = format!("{}.{}", table.name, column.name);
            let Some((kind, _)) = columns.get(column.name) else {
                panic!("{place} is no column of GitLab's")
            };
            assert_eq!(plain(kind), column.kind.postgres(), "{place}");
        }
        let theirs: BTreeSet<&str> = columns
            .iter()
            .filter(|(_, (_, key))| *key)
            .map(|(name, _)| name.as_str())
            .collect();
        let ours: BTreeSet<&str> = table.primary_key.iter().copied().collect();
        assert_eq!(ours, theirs, "{}: primary key", table.name);
    }
}

#[test]
fn tables_are_sound() {
    let mut names = BTreeSet::new();
    for table in tables() {
        assert!(names.insert(table.name), "{} is there twice", table.name);
        let columns: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(
            columns.len(),
            table.columns.len(),
            "{}: a column is there twice",
            table.name
        );
        for named in table.primary_key.iter().chain(table.indexes) {
            assert!(columns.contains(named), "{}: no column {named}", table.name);
        }
    }
}

#[test]
fn ddl_names_types_of_each_dialect() {
    let reviewers = ddl("merge_request_reviewers", Table::sqlite_ddl);
    assert_eq!(
        reviewers[0],
        "CREATE TABLE \"merge_request_reviewers\" (\"id\" INTEGER PRIMARY KEY, \"user_id\" INTEGER, \
         \"merge_request_id\" INTEGER, \"state\" INTEGER, \"created_at\" TEXT)"
    );
    let pairs = ddl("milestone_releases", Table::postgres_ddl);
    assert_eq!(
        pairs,
        [
            "CREATE TABLE \"milestone_releases\" (\"milestone_id\" bigint, \"release_id\" bigint, \
             PRIMARY KEY (\"milestone_id\", \"release_id\"))",
            "CREATE INDEX \"index_milestone_releases_on_release_id\" ON \"milestone_releases\" (\"release_id\")",
        ]
    );
}

fn ddl(table: &str, write: fn(&Table) -> Vec<String>) -> Vec<String> {
    write(tables().find(|candidate| candidate.name == table).unwrap())
}
