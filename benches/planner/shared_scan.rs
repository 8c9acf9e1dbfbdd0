//! Twenty filtered counts of one large table: shared by hand, one by one, and ours.

use std::time::Duration;

use crate::by_hand::{ByHand, Split, one_by_one, shared, totals};
use crate::issues::{self, CONDITIONS, TABLE};
use crate::metric::Metric;
use crate::ours::{Ours, Ran};
use crate::support::postgres::Database;
use crate::table::{Table, seconds};
use crate::turns::{in_turn, median};
use crate::{Bench, Result};

/// Of ours, and of the shared statement by hand.
const CONNECTIONS: usize = 2;
/// What one by one is batched by.
const IDS: u64 = 100_000;
/// Ways to split the table by its key, of which the best by hand is taken.
const SPLITS: [Split; 3] = [Split::Ids(IDS), Split::Ids(250_000), Split::Ids(500_000)];
/// Another way, which may miss rows that are updated meanwhile: ours takes it only where classes allow it.
const BLOCKS: Split = Split::Blocks(2_048);

pub fn case(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let database = bench.issues();
    let (rows, blocks) = (bench.rows(issues::ROWS), issues::blocks(database)?);
    let conditions = CONDITIONS.map(str::to_owned);
    let ours = Ours::over(&metrics(), &database.reader_url(), CONNECTIONS);
    let same_batches = by_hand(database, &conditions, Split::Ids(IDS).ranges(rows, blocks))?;
    let (split, best) = best(database, &conditions, rows, blocks)?;
    let ranges = Split::Ids(IDS).ranges(rows, blocks);
    let in_blocks = by_hand(database, &conditions, BLOCKS.ranges(rows, blocks))?;
    let approximate = Ours::over(&tolerant(), &database.reader_url(), CONNECTIONS);
    let each = ByHand::new(database, &one_by_one(TABLE, &conditions, &ranges), 1)?;
    check(&ours.run(&[])?, &best)?;

    let mut elapsed = Vec::new();
    let times = in_turn(
        bench.rounds,
        [
            &mut || {
                let ran = ours.run(&[])?;
                elapsed.push(ran.elapsed());
                Ok(ran.wall)
            },
            &mut || Ok(best.run()?.0),
            &mut || Ok(same_batches.run()?.0),
            &mut || Ok(approximate.run(&[])?.wall),
            &mut || Ok(in_blocks.run()?.0),
            &mut || Ok(each.run()?.0),
            &mut || Ok(ours.run(&["--plan", "separate"])?.wall),
        ],
    )?;
    let [mine, best, same_batches, approximate, in_blocks, each, separate] = times;
    table.at_most("20 counts, shared by hand at its best", &mine, &best, 1.10);
    table.at_most("20 counts, shared by hand in 100,000 ids", &mine, &same_batches, 1.10);
    table.at_most("20 counts in blocks, shared by hand", &approximate, &in_blocks, 1.10);
    table.faster("20 counts, one by one by hand", &mine, &each, 5.0);
    table.told("20 counts, one by one by ours", &mine, &separate);
    let elapsed = seconds(median(elapsed));
    table.note(format!(
        "20 counts of {rows} rows: {CONNECTIONS} connections, one by one 1; by hand at its best: {}; \
         elapsed as our report says: {elapsed}",
        split.described()
    ));
    Ok(())
}

/// The same, of rows that may be updated meanwhile.
fn tolerant() -> Vec<Metric> {
    metrics().into_iter().map(Metric::approximate).collect()
}

fn metrics() -> Vec<Metric> {
    let numbered = CONDITIONS.iter().enumerate();
    numbered
        .map(|(number, condition)| Metric::count(key_path(number), format!("{TABLE} WHERE {condition}")))
        .collect()
}

fn key_path(number: usize) -> String {
    format!("counts.issues_{number}")
}

fn by_hand<'a>(database: &'a Database<'a>, conditions: &[String], ranges: Vec<String>) -> Result<ByHand<'a>> {
    ByHand::new(database, &shared(TABLE, conditions, &ranges), CONNECTIONS)
}

/// The fastest of the ways by hand, each at its better of two runs.
fn best<'a>(database: &'a Database<'a>, conditions: &[String], rows: u64, blocks: u64) -> Result<(Split, ByHand<'a>)> {
    let mut best: Option<(Duration, Split, ByHand<'a>)> = None;
    for split in SPLITS {
        let candidate = by_hand(database, conditions, split.ranges(rows, blocks))?;
        let time = candidate.run()?.0.min(candidate.run()?.0);
        if best.as_ref().is_none_or(|(fastest, ..)| time < *fastest) {
            best = Some((time, split, candidate));
        }
    }
    best.map(|(_, split, candidate)| (split, candidate))
        .ok_or_else(|| "there is no way by hand".into())
}

/// Ours counts what the statements by hand count.
fn check(ran: &Ran, by_hand: &ByHand<'_>) -> Result<()> {
    for (number, wanted) in totals(&by_hand.run()?.1)?.into_iter().enumerate() {
        let counted = ran.value(&key_path(number))?;
        if counted != wanted {
            return Err(format!("{}: ours counts {counted}, by hand it is {wanted}", key_path(number)).into());
        }
    }
    Ok(())
}
