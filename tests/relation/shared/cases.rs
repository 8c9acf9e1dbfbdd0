//! Random rows and members over them.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use service_ping::relation::{Aggregate, IntegerWidth, KeyRange, MainTable, Relation};

use crate::support::{column, parse};

/// The tables' own keys are unique, and nothing else is.
pub fn by_id(_table: &MainTable, columns: &[String]) -> bool {
    columns.iter().any(|column| column == "id")
}

pub const SCHEMA: [&str; 4] = [
    "CREATE TABLE groups (id INTEGER PRIMARY KEY, level INTEGER)",
    "CREATE TABLE projects (id INTEGER PRIMARY KEY, group_id INTEGER, level INTEGER, archived BOOLEAN)",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, issue_id INTEGER, kind TEXT)",
    "CREATE TABLE issues (id INTEGER PRIMARY KEY, project_id INTEGER, parent_id INTEGER, state INTEGER, weight INTEGER, \
     kind TEXT, code CHAR(3), closed BOOLEAN)",
];

pub const TABLES: [&str; 4] = ["groups", "projects", "notes", "issues"];

/// What is joined, and the tables that may be spoken of then.
const JOINS: &[(&str, &[&str])] = &[
    ("", &[]),
    ("JOIN projects ON projects.id = issues.project_id", &["projects"]),
    ("LEFT JOIN projects ON (issues.project_id = projects.id)", &["projects"]),
    (
        "INNER JOIN projects ON projects.id = issues.project_id AND projects.archived",
        &["projects"],
    ),
    (
        "JOIN projects ON projects.id = issues.project_id JOIN groups ON groups.id = projects.group_id",
        &["projects", "groups"],
    ),
    (
        "LEFT JOIN projects ON projects.id = issues.project_id JOIN groups ON groups.id = projects.group_id",
        &["projects", "groups"],
    ),
    (
        "JOIN projects ON projects.id = issues.project_id LEFT JOIN groups ON groups.id = projects.group_id",
        &["projects", "groups"],
    ),
    (
        "LEFT JOIN groups ON groups.id = issues.state AND (groups.level = 1 OR issues.closed)",
        &["groups"],
    ),
    ("JOIN issues AS parent ON issues.parent_id = parent.id", &["parent"]),
    (
        "LEFT JOIN issues AS parent ON issues.parent_id = parent.id JOIN projects ON projects.id = issues.project_id",
        &["parent", "projects"],
    ),
    ("JOIN notes ON notes.issue_id = issues.id", &["notes"]),
    ("LEFT JOIN notes ON notes.issue_id = issues.id", &["notes"]),
];

const CONDITIONS: &[(&str, &[&str])] = &[
    (
        "issues",
        &[
            "issues.state = 1",
            "issues.state <> 1",
            "issues.state IN (1, 2)",
            "issues.weight BETWEEN 1 AND 3",
            "issues.weight IS DISTINCT FROM 2",
            "issues.kind LIKE 'a%'",
            "issues.kind IS NULL",
            "issues.closed",
            "issues.project_id IS NOT NULL",
            "issues.state < issues.weight",
            "issues.state + issues.weight > 3",
            "EXISTS (SELECT 1 FROM notes AS n WHERE n.issue_id = issues.id)",
            "(SELECT COUNT(*) FROM notes AS n WHERE n.issue_id = issues.id AND n.kind = issues.kind) > 1",
            "issues.id IN (SELECT issue_id FROM notes WHERE kind = 'a')",
            "issues.project_id IN (SELECT projects.id FROM projects WHERE projects.archived)",
            "TRUE",
            "NULL",
        ],
    ),
    (
        "projects",
        &[
            "projects.archived",
            "projects.level > 1",
            "projects.id IS NULL",
            "projects.level = issues.weight",
            "projects.group_id IN (1, 2)",
        ],
    ),
    (
        "groups",
        &["groups.level = 1", "groups.id IS NOT NULL", "groups.level IS NULL"],
    ),
    (
        "parent",
        &["parent.closed", "parent.state = issues.state", "parent.kind IS NULL"],
    ),
    ("notes", &["notes.kind = 'a'", "notes.id > 3"]),
];

const KEYS: &[(&str, &[&str])] = &[
    (
        "issues",
        &[
            "issues.state",
            "issues.kind",
            "(issues.closed)",
            "issues.code",
            "lower(issues.kind)",
            "issues.closed",
        ],
    ),
    ("projects", &["projects.level", "projects.archived"]),
    ("groups", &["groups.level"]),
];

const COLUMNS: &[(&str, &[&str])] = &[
    ("issues", &["weight", "state", "id"]),
    ("projects", &["level", "id"]),
    ("groups", &["level"]),
    ("parent", &["weight"]),
    ("notes", &["id"]),
];

/// A relation, and what is asked of it.
#[derive(Debug, Clone)]
pub struct Member {
    pub text: String,
    pub asked: Vec<Aggregate>,
}

impl Member {
    pub fn relation(&self) -> Relation {
        parse(&self.text)
    }
}

pub fn members() -> impl Strategy<Value = Vec<Member>> {
    prop::collection::vec(member(), 1..7)
}

fn member() -> impl Strategy<Value = Member> {
    // Most are of one table, as most metrics are.
    let join = prop_oneof![1 => Just(JOINS[0]), 2 => select(JOINS)];
    join.prop_flat_map(|(join, joined)| {
        let tables: Vec<&str> = joined.iter().copied().chain(["issues"]).collect();
        let filter = prop::option::weighted(0.8, condition(of(CONDITIONS, &tables)));
        let keys = of(KEYS, &tables);
        let keys = prop_oneof![2 => Just(Vec::new()), 1 => subsequence(keys, 1..=2).prop_shuffle()];
        let asked = prop::collection::vec(aggregate(&tables), 1..4);
        (filter, keys, asked).prop_map(move |(filter, keys, asked)| {
            let filter = filter.map_or(String::new(), |filter| format!(" WHERE {filter}"));
            let keys = match keys.is_empty() {
                true => String::new(),
                false => format!(" GROUP BY {}", keys.join(", ")),
            };
            let text = format!("issues {join}{filter}{keys}");
            Member { text, asked }
        })
    })
}

fn of(all: &[(&str, &[&'static str])], tables: &[&str]) -> Vec<&'static str> {
    let mine = all.iter().filter(|(table, _)| tables.contains(table));
    mine.flat_map(|(_, texts)| texts.iter().copied()).collect()
}

/// Terms that often return, so that members have some in common.
fn condition(terms: Vec<&'static str>) -> impl Strategy<Value = String> {
    let term = select(terms).prop_map(str::to_owned);
    let deep = term.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            2 => (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) AND {other}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} OR {other})")),
            1 => inner.clone().prop_map(|inner| format!("NOT ({inner})")),
            1 => inner.clone().prop_map(|inner| format!("({inner}) IS NOT TRUE")),
            1 => inner.prop_map(|inner| format!("({inner})")),
        ]
    });
    prop_oneof![
        2 => deep.clone(),
        1 => deep.clone().prop_map(|deep| format!("issues.closed AND {deep}")),
        1 => deep.prop_map(|deep| format!("({deep}) OR issues.weight = 1")),
    ]
}

fn aggregate(tables: &[&str]) -> impl Strategy<Value = Aggregate> + use<> {
    let mine = COLUMNS.iter().filter(|(table, _)| tables.contains(table));
    let columns: Vec<_> = mine
        .flat_map(|(table, names)| names.iter().map(|name| column(table, name)))
        .collect();
    prop_oneof![
        2 => Just(Aggregate::CountRows),
        2 => select(columns.clone()).prop_map(Aggregate::Count),
        2 => select(columns.clone()).prop_map(Aggregate::Sum),
        1 => select(columns).prop_map(|column| Aggregate::PackedIntegers(column, IntegerWidth::Eight)),
    ]
}

/// A range of issues, or all.
pub fn range() -> impl Strategy<Value = Option<KeyRange>> {
    let ends = (0_i64..6, prop::option::of(4_i64..12));
    prop::option::of(ends.prop_map(|(from, to)| KeyRange::Integer {
        column: column("issues", "id"),
        from,
        to,
    }))
}

/// Statements that fill the tables.
pub fn rows() -> impl Strategy<Value = Vec<String>> {
    let number = || prop_oneof![1 => Just("NULL".to_owned()), 3 => (1..4_i32).prop_map(|number| number.to_string())];
    let text = || select(vec!["NULL", "'a'", "'A'", "'ab'", "'b'", "''"]);
    let truth = || select(vec!["NULL", "TRUE", "FALSE"]);
    let groups = prop::collection::vec(number(), 0..3).prop_map(|rows| inserts("groups", rows));
    let projects = prop::collection::vec((number(), number(), truth()), 0..4);
    let projects = projects.prop_map(|rows| {
        let rows = rows
            .into_iter()
            .map(|(group, level, archived)| format!("{group}, {level}, {archived}"));
        inserts("projects", rows)
    });
    let notes = prop::collection::vec((number(), text()), 0..6);
    let notes = notes.prop_map(|rows| {
        let rows = rows.into_iter().map(|(issue, kind)| format!("{issue}, {kind}"));
        inserts("notes", rows)
    });
    let issue = (number(), number(), number(), number(), text(), text(), truth());
    let issues = prop::collection::vec(issue, 0..10).prop_map(|rows| {
        let rows = rows
            .into_iter()
            .map(|(project, parent, state, weight, kind, code, closed)| {
                format!("{project}, {parent}, {state}, {weight}, {kind}, {code}, {closed}")
            });
        inserts("issues", rows)
    });
    (groups, projects, notes, issues)
        .prop_map(|(groups, projects, notes, issues)| [groups, projects, notes, issues].into_iter().flatten().collect())
}

fn inserts(table: &str, rows: impl IntoIterator<Item = String>) -> Vec<String> {
    let rows = rows.into_iter().enumerate();
    rows.map(|(index, row)| format!("INSERT INTO {table} VALUES ({}, {row})", index + 1))
        .collect()
}
