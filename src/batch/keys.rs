//! Joins that only pick rows: the keys that they pick them by, read once for all scans of a run.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::prepare::{Tables, of_alias};
use crate::measure::{DatabaseMeasure, Failure};
use crate::relation::{Dialect, IntegerWidth, MainTable, Relation, SemiJoin};
use crate::source::database::{Session, TableInfo, unpacked};

/// Keys above this are not looked up: a bit each, they are sent along with every statement.
const HIGHEST_KEY: usize = (1 << 24) - 1;
/// Rows of the joined table that are read for it, in one statement.
const MOST_JOINED: u64 = 1_000_000;
/// Bytes that all sets of a run may take together.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How a measure's rows are picked without a join.
#[derive(Debug)]
pub(super) struct ByKeys {
    /// The measure's rows as a relation over its first table alone.
    pub(super) relation: Relation,
    /// The rows that they are picked from.
    pub(super) rows: Relation,
    /// The parameter of the statement that holds the keys: 1, 2, …
    pub(super) parameter: usize,
    /// What gives the keys.
    pub(super) statement: String,
}

impl ByKeys {
    /// `None` where the measure is better joined, or cannot do without.
    pub(super) fn of(measure: &DatabaseMeasure, tables: &mut Tables) -> Option<ByKeys> {
        let relation = &measure.relation;
        let of_main = relation.main_alias();
        if !relation.is_joined() || measure.column.iter().any(|column| column.table != of_main) {
            return None;
        }
        let semi_join = SemiJoin::of(relation, &|table, columns| tables.is_key(table, columns))?;
        let main = of_alias(measure, of_main, tables)?;
        let joined = of_alias(measure, &semi_join.key().table, tables)?;
        let are_integers = main.is_integer(&semi_join.column().name) && joined.is_integer(&semi_join.key().name);
        if !are_integers || joined.is_nullable(&semi_join.key().name) || !is_worth_it(&main, &joined) {
            return None;
        }
        let statement = semi_join.keys_statement(Dialect::Postgres).ok()?;
        let parameter = tables.parameter_of(&statement);
        Some(ByKeys {
            relation: semi_join.rows_by(parameter).ok()?,
            rows: semi_join.rows().clone(),
            parameter,
            statement,
        })
    }
}

/// Whether fewer rows are read for the keys than would be joined to them.
fn is_worth_it(main: &TableInfo, joined: &TableInfo) -> bool {
    let (Some(rows), Some(keys)) = (main.estimated_rows, joined.estimated_rows) else {
        return false;
    };
    keys <= rows.min(MOST_JOINED)
}

/// A bit for each key.
pub(super) type KeySet = Arc<[u8]>;

/// The sets that were read, by the statements that gave them; `None` where there are none to be had.
#[derive(Debug, Clone, Default)]
pub(super) struct KeySets(Arc<Mutex<HashMap<String, Option<KeySet>>>>);

impl KeySets {
    /// Reads a set, or finds the one that was read. `None` where its keys do not fit, or the statement failed: then the
    /// join says what is the matter.
    ///
    /// # Errors
    /// The session ended.
    pub(super) async fn load(&self, statement: &str, session: &mut Session) -> Result<Option<KeySet>, Failure> {
        let mut sets = self.0.lock().await;
        if let Some(known) = sets.get(statement) {
            return Ok(known.clone());
        }
        let taken: usize = sets.values().flatten().map(|set| set.len()).sum();
        let set = match session.cells(statement, true, &[]).await {
            Ok(rows) => bits(rows.iter().flatten().flatten()),
            Err(error) if error.ends_session() => return Err(error.into()),
            Err(_) => None,
        };
        let set = set.filter(|set| taken + set.len() <= MOST_BYTES).map(KeySet::from);
        sets.insert(statement.to_owned(), set.clone());
        Ok(set)
    }
}

/// `None` where a key has no place.
fn bits<'a>(packed: impl Iterator<Item = &'a Vec<u8>>) -> Option<Vec<u8>> {
    let (mut bits, mut fits) = (Vec::new(), true);
    for packed in packed {
        unpacked(
            Dialect::Postgres,
            IntegerWidth::Eight,
            packed,
            |key| match usize::try_from(key).ok().filter(|key| *key <= HIGHEST_KEY) {
                Some(key) => set_bit(&mut bits, key),
                None => fits = false,
            },
        );
    }
    fits.then_some(bits)
}

fn set_bit(bits: &mut Vec<u8>, key: usize) {
    let byte = key / 8;
    if bits.len() <= byte {
        bits.resize(byte + 1, 0);
    }
    if let Some(byte) = bits.get_mut(byte) {
        *byte |= 1 << (key % 8);
    }
}

impl Tables {
    /// Whether the columns hold the whole primary key.
    pub(super) fn is_key(&self, table: &MainTable, columns: &[String]) -> bool {
        self.get(table).is_some_and(|info| {
            !info.primary_key.is_empty() && info.primary_key.iter().all(|key| columns.contains(key))
        })
    }
}
