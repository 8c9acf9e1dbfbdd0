//! Tables of any kind: their keys, indexes, holes and rows, spelled for both databases.

use proptest::prelude::*;

use super::collected::now;
use super::key::{KEYS, Key, SPARSE_STEP, Spelling};

/// What is known of `code`, the column that other tables refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    /// Several rows have the same, and no index helps.
    Plain,
    /// Several rows have the same.
    Indexed,
    Unique,
    /// Unique among the rows with a flag alone: not unique.
    PartlyUnique,
}

const CODES: [Code; 4] = [Code::Plain, Code::Indexed, Code::Unique, Code::PartlyUnique];

/// What the database knows of the reference to another table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ForeignKey {
    Absent,
    /// Every reference has its row.
    Valid,
    /// Declared, and broken by old rows.
    NotValid,
}

const FOREIGN_KEYS: [ForeignKey; 3] = [ForeignKey::Absent, ForeignKey::Valid, ForeignKey::NotValid];

/// A table, with its rows as a seed.
#[derive(Debug, Clone)]
pub struct Table {
    pub key: Key,
    pub rows: i64,
    seed: u64,
    code: Code,
    foreign_key: ForeignKey,
    /// The table that `ref` refers to, as any number.
    parent: usize,
    /// Whether rows were deleted and updated, so that blocks have holes.
    holes: bool,
    /// Which of [`INDEXES`] there are.
    indexes: Vec<bool>,
    integer: &'static str,
    timestamp: &'static str,
    /// Whether it stands in partitions, where PostgreSQL can have its key so.
    partitioned: bool,
}

const INDEXES: [&str; 6] = [
    "(a)",
    "(big)",
    "(ref)",
    "(created_at)",
    "(a, txt) WHERE flag",
    "(n) WHERE a IS NULL",
];

pub fn table() -> impl Strategy<Value = Table> {
    let rows = prop_oneof![1 => 0i64..3, 3 => 3i64..200, 4 => 200i64..3_000];
    (
        prop::sample::select(&KEYS[..]),
        rows,
        0u64..1_000_000,
        prop::sample::select(&CODES[..]),
        (prop::sample::select(&FOREIGN_KEYS[..]), 0usize..12),
        any::<bool>(),
        prop::bool::weighted(0.25),
        prop::collection::vec(prop::bool::weighted(0.3), INDEXES.len()),
        prop::sample::select(&["integer", "smallint", "bigint"][..]),
        prop::sample::select(&["timestamp", "timestamptz"][..]),
    )
        .prop_map(
            |(key, rows, seed, code, (foreign_key, parent), holes, partitioned, indexes, integer, timestamp)| Table {
                key,
                rows,
                seed,
                code,
                foreign_key,
                parent,
                holes,
                indexes,
                integer,
                timestamp,
                partitioned,
            },
        )
}

pub fn name(table: usize) -> String {
    format!("t{table}")
}

impl Table {
    /// The table that this one refers to, which may be itself.
    pub fn parent(&self, tables: usize) -> usize {
        self.parent % tables
    }

    /// The statements that make the table and its rows.
    pub fn statements(&self, table: usize, spelling: Spelling) -> Vec<String> {
        let name = name(table);
        let mut statements = vec![self.created(&name, spelling)];
        statements.extend(self.partitions(&name, spelling));
        let mut order: Vec<i64> = (1..=self.rows).collect();
        // Rows lie in an order that is not the key's.
        order.sort_by_key(|n| mix(self.seed, *n as u64, 20));
        let rows: Vec<String> = order.into_iter().map(|n| self.row(n)).collect();
        let inserted = rows
            .chunks(500)
            .map(|rows| format!("INSERT INTO {name} ({}) VALUES {}", self.columns(), rows.join(", ")));
        statements.extend(inserted);
        if self.holes {
            statements.push(format!("DELETE FROM {name} WHERE n % 7 = 3 OR n BETWEEN 40 AND 90"));
            statements.push(format!("UPDATE {name} SET dbl = dbl + 0.125 WHERE n % 3 = 1"));
        }
        statements.extend(self.indexed(&name, spelling));
        statements
    }

    /// What is known of the reference, once all tables have their rows.
    pub fn referring(&self, table: usize, tables: &[Table], spelling: Spelling) -> Vec<String> {
        let parent = self.parent(tables.len());
        let is_unique = tables[parent].code == Code::Unique && tables[parent].partition(spelling).is_none();
        if !is_unique || spelling == Spelling::Sqlite || self.foreign_key == ForeignKey::Absent {
            return Vec::new();
        }
        let (name, parent) = (name(table), name(parent));
        let constraint = format!("ALTER TABLE {name} ADD FOREIGN KEY (ref) REFERENCES {parent} (code)");
        match self.foreign_key {
            ForeignKey::Valid => vec![
                format!(
                    "UPDATE {name} SET ref = NULL WHERE NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.code = {name}.ref)"
                ),
                constraint,
            ],
            // PostgreSQL 15 has no such key of a partitioned table: its dangling values stand without one.
            _ if self.partition(spelling).is_some() => Vec::new(),
            _ => vec![format!("{constraint} NOT VALID")],
        }
    }

    fn created(&self, name: &str, spelling: Spelling) -> String {
        let Table { integer, timestamp, .. } = self;
        let (key, composite) = match self.key.declared(spelling).split_once("PRIMARY KEY (") {
            // A table's constraints stand after its columns.
            Some((columns, key)) => (columns, format!(", PRIMARY KEY ({}", key.trim_end_matches(", "))),
            None => (self.key.declared(spelling), String::new()),
        };
        format!(
            "CREATE TABLE {name} ({key}n integer NOT NULL, a {integer}, big bigint, num numeric, dbl double precision, \
             txt text, flag boolean, created_at {timestamp}, code integer, ref integer{composite}){by}",
            by = self
                .partition(spelling)
                .map_or(String::new(), |by| format!(" PARTITION BY {by}"))
        )
    }

    /// What the table is partitioned by.
    fn partition(&self, spelling: Spelling) -> Option<&'static str> {
        if !self.partitioned || spelling == Spelling::Sqlite {
            return None;
        }
        match self.key {
            Key::Dense | Key::Negative => Some("RANGE (id)"),
            Key::Sparse | Key::Uuid | Key::Text => Some("HASH (id)"),
            Key::None => Some("LIST (flag)"),
            Key::Small | Key::Nullable | Key::Composite => None,
        }
    }

    fn partitions(&self, name: &str, spelling: Spelling) -> Vec<String> {
        let third = self.rows / 3;
        let values = match self.partition(spelling) {
            None => return Vec::new(),
            Some("RANGE (id)") => [
                format!("FOR VALUES FROM (MINVALUE) TO ({third})"),
                format!("FOR VALUES FROM ({third}) TO ({})", 2 * third + 1),
                "DEFAULT".to_owned(),
            ],
            Some("LIST (flag)") => ["FOR VALUES IN (true)", "FOR VALUES IN (false)", "DEFAULT"].map(str::to_owned),
            Some(_) => [0, 1, 2].map(|rest| format!("FOR VALUES WITH (MODULUS 3, REMAINDER {rest})")),
        };
        let numbered = values.iter().enumerate();
        numbered
            .map(|(number, values)| format!("CREATE TABLE {name}_part{number} PARTITION OF {name} {values}"))
            .collect()
    }

    fn columns(&self) -> String {
        let mut columns = self.key.columns().to_vec();
        columns.extend([
            "n",
            "a",
            "big",
            "num",
            "dbl",
            "txt",
            "flag",
            "created_at",
            "code",
            "ref",
        ]);
        columns.join(", ")
    }

    fn indexed(&self, name: &str, spelling: Spelling) -> Vec<String> {
        let is_partitioned = self.partition(spelling).is_some();
        let mut statements = match self.code {
            // A unique index of a partitioned table would have to hold what it is partitioned by.
            _ if is_partitioned => vec![],
            Code::Plain => vec![],
            Code::Indexed => vec![format!("CREATE INDEX {name}_code ON {name} (code)")],
            Code::Unique => vec![format!("CREATE UNIQUE INDEX {name}_code ON {name} (code)")],
            Code::PartlyUnique => vec![format!("CREATE UNIQUE INDEX {name}_code ON {name} (code) WHERE flag")],
        };
        let wanted = self.indexes.iter().zip(INDEXES).filter(|(is_there, _)| **is_there);
        statements.extend(
            wanted
                .enumerate()
                .map(|(index, (_, columns))| format!("CREATE INDEX {name}_{index} ON {name} {columns}")),
        );
        statements
    }

    fn row(&self, n: i64) -> String {
        let die = |column: u64| mix(self.seed, n as u64, column);
        let some = |column: u64, percent: u64, value: String| match die(column) / 1_000_003 % 100 < percent {
            true => value,
            false => "NULL".to_owned(),
        };
        let flag = die(6) % 2 == 0;
        let has_flag = die(6) / 1_000_003 % 100 < 80;
        let code = match self.code {
            Code::Unique => n,
            Code::PartlyUnique if flag && has_flag => n,
            Code::PartlyUnique => n % 5,
            Code::Plain | Code::Indexed => n % (self.rows / 3 + 1),
        };
        let texts = ["x", "X", "it''s", "7", "é", "null"];
        let mut cells = self.key.cells(n, self.rows, die(0));
        cells.extend([
            n.to_string(),
            some(1, 80, (die(1) as i64 % 7 - 2).to_string()),
            some(
                2,
                90,
                (die(2) as i64 % 300 * SPARSE_STEP - 400_000_000_000 + n % 3).to_string(),
            ),
            some(3, 85, eighths(die(3))),
            some(4, 85, eighths(die(4))),
            some(5, 80, format!("'{}'", texts[die(5) as usize % texts.len()])),
            if has_flag { flag.to_string() } else { "NULL".to_owned() },
            some(7, 90, instant(die(7))),
            some(8, 90, code.to_string()),
            some(9, 85, (die(9) as i64 % (self.rows + 10)).to_string()),
        ]);
        format!("({})", cells.join(", "))
    }
}

/// A number that binary and decimal fractions both hold exactly, so that the order of a sum changes nothing.
fn eighths(die: u64) -> String {
    format!("{:.3}", (die as i64 % 4_001 - 2_000) as f64 / 8.0)
}

/// A moment of the last forty days, now and then at the very end of a window.
fn instant(die: u64) -> String {
    let seconds = match die % 20 {
        0 => 2 * 86_400,
        1 => 9 * 86_400,
        2 => 30 * 86_400,
        3 => 30 * 86_400 + 1,
        _ => (die / 20 % (40 * 86_400)) as i64,
    };
    let instant = now() - chrono::TimeDelta::seconds(seconds);
    format!("'{}'", instant.format("%Y-%m-%d %H:%M:%S"))
}

/// A die that always falls alike for the same numbers (SplitMix64's finaliser); positive as an `i64`.
fn mix(seed: u64, row: u64, column: u64) -> u64 {
    let mut word = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(row.wrapping_mul(0xd134_2543_de82_ef95))
        .wrapping_add(column.wrapping_mul(0xa24b_aed4_963e_e407));
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (word ^ (word >> 31)) >> 1
}
