//! The same work in statements written by hand, which psql sends.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::Result;
use crate::support::postgres::Database;

/// What our sessions set as well.
const SETUP: &str = "SET statement_timeout = 15000;\nSET default_transaction_read_only = on;\n";

/// Scripts that run side by side, each in a psql of its own.
pub struct ByHand<'a> {
    database: &'a Database<'a>,
    scripts: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

impl<'a> ByHand<'a> {
    /// Statements dealt out over so many connections.
    pub fn new(database: &'a Database<'a>, statements: &[String], connections: usize) -> Result<ByHand<'a>> {
        let folder = tempfile::tempdir()?;
        let mut scripts = Vec::new();
        for connection in 0..connections {
            let own = statements.iter().skip(connection).step_by(connections);
            let text: String = own.map(|statement| format!("{statement};\n")).collect();
            let path = folder.path().join(format!("{connection}.sql"));
            std::fs::write(&path, format!("{SETUP}{text}"))?;
            scripts.push(path);
        }
        Ok(ByHand {
            database,
            scripts,
            _folder: folder,
        })
    }

    /// How long all of them took, and the rows that they printed, in no order.
    pub fn run(&self) -> Result<(Duration, Vec<String>)> {
        let begun = Instant::now();
        let mut children = Vec::new();
        for script in &self.scripts {
            let mut psql = self.database.client();
            psql.arg("-f")
                .arg(script)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            children.push(psql.spawn()?);
        }
        let mut lines = Vec::new();
        for child in children {
            let output = child.wait_with_output()?;
            if !output.status.success() {
                return Err(format!("psql: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
            }
            lines.extend(String::from_utf8(output.stdout)?.lines().map(str::to_owned));
        }
        Ok((begun.elapsed(), lines))
    }
}

/// How a statement by hand splits the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// So many ids a statement.
    Ids(u64),
    /// So many blocks a statement.
    Blocks(u64),
}

impl Split {
    /// The conditions of all ranges, over a table whose ids run from 1 to `last` in so many blocks.
    pub fn ranges(self, last: u64, blocks: u64) -> Vec<String> {
        match self {
            Split::Ids(size) => steps(1, last + 1, size)
                .map(|(from, to)| format!("id >= {from} AND id < {to}"))
                .collect(),
            Split::Blocks(size) => steps(0, blocks, size)
                .map(|(from, to)| format!("ctid >= '({from},0)'::tid AND ctid < '({to},0)'::tid"))
                .collect(),
        }
    }

    pub fn described(self) -> String {
        match self {
            Split::Ids(size) => format!("ranges of {size} ids"),
            Split::Blocks(size) => format!("ranges of {size} blocks"),
        }
    }
}

fn steps(from: u64, end: u64, size: u64) -> impl Iterator<Item = (u64, u64)> {
    let starts = (from..end).step_by(usize::try_from(size.max(1)).unwrap_or(usize::MAX));
    starts.map(move |start| (start, (start + size).min(end)))
}

/// One statement a range, with all conditions as filters.
pub fn shared(table: &str, conditions: &[String], ranges: &[String]) -> Vec<String> {
    let filters: Vec<String> = conditions
        .iter()
        .map(|condition| format!("count(*) FILTER (WHERE {condition})"))
        .collect();
    let select = format!("SELECT {} FROM {table} WHERE", filters.join(", "));
    ranges.iter().map(|range| format!("{select} {range}")).collect()
}

/// One statement a condition and range.
pub fn one_by_one(table: &str, conditions: &[String], ranges: &[String]) -> Vec<String> {
    let of = |condition: &String| {
        let select = format!("SELECT count(*) FROM {table} WHERE ({condition}) AND");
        ranges
            .iter()
            .map(move |range| format!("{select} {range}"))
            .collect::<Vec<_>>()
    };
    conditions.iter().flat_map(of).collect()
}

/// The sums of the columns of all rows.
pub fn totals(lines: &[String]) -> Result<Vec<i64>> {
    let mut totals: Vec<i64> = Vec::new();
    for line in lines {
        let fields = line
            .split('|')
            .map(str::parse::<i64>)
            .collect::<std::result::Result<Vec<_>, _>>()?;
        totals.resize(totals.len().max(fields.len()), 0);
        totals
            .iter_mut()
            .zip(&fields)
            .for_each(|(total, field)| *total += field);
    }
    Ok(totals)
}
