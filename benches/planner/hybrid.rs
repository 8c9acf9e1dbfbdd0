//! Twenty counts of which some have an index to go by: sharing all of them, none, or as the planner says.

use std::time::Duration;

use crate::by_hand::{ByHand, Split, shared};
use crate::issues::{self, TABLE};
use crate::metric::Metric;
use crate::ours::Ours;
use crate::table::{Table, seconds};
use crate::turns::in_turn;
use crate::{Bench, Result};

const CONNECTIONS: usize = 2;
const INDEXES: [&str; 4] = [
    "CREATE INDEX hybrid_created_at ON issues (created_at)",
    "CREATE INDEX hybrid_state ON issues (id) WHERE state_id = 4",
    "CREATE INDEX hybrid_no_author ON issues (id) WHERE author_id IS NULL",
    "CREATE INDEX hybrid_author ON issues (author_id)",
];
/// What the last 28 days are for `ours::NOW`.
const WINDOW: &str = "created_at BETWEEN '2026-10-20' AND '2026-11-17'";
/// Counts over the window; TRUE is all of it.
const WINDOWED: [&str; 7] = [
    "TRUE",
    "state_id = 1",
    "state_id = 2",
    "confidential",
    "issue_type IN (1, 2)",
    "weight IS NOT NULL",
    "closed_at IS NULL",
];
/// Counts that have an index, then those that have none.
const OTHERS: [&str; 13] = [
    "state_id = 4",
    "author_id IS NULL",
    "author_id = 42",
    "state_id = 4 AND confidential",
    "weight > 5",
    "weight BETWEEN 1 AND 3",
    "NOT confidential AND discussion_locked",
    "issue_type = 0 AND state_id = 2",
    "title LIKE '%error%'",
    "title LIKE 'Draft:%'",
    "closed_at IS NULL",
    "project_id IN (1, 2, 3, 5, 8, 13)",
    "relative_position < 0",
];

pub fn case(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let database = bench.issues();
    INDEXES.iter().for_each(|index| drop(database.psql(index)));
    database.psql("VACUUM (ANALYZE) issues");
    let measured = measured(bench, table);
    for index in INDEXES {
        let name = index.split_whitespace().nth(2).ok_or("an index has a name")?;
        database.psql(&format!("DROP INDEX {name}"));
    }
    measured
}

fn measured(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let database = bench.issues();
    let ours = Ours::over(&metrics(), &database.reader_url(), CONNECTIONS);
    let conditions = conditions();
    let whole: Vec<String> = conditions
        .iter()
        .map(|condition| format!("SELECT count(*) FROM {TABLE} WHERE {condition}"))
        .collect();
    let ranges = Split::Ids(100_000).ranges(bench.rows(issues::ROWS), issues::blocks(database)?);
    let separate = ByHand::new(database, &whole, CONNECTIONS)?;
    let together = ByHand::new(database, &shared(TABLE, &conditions, &ranges), CONNECTIONS)?;
    check(&ours, &separate)?;
    let plan = |plan: &str| -> Result<Duration> { Ok(ours.run(&["--plan", plan])?.wall) };
    let times = in_turn(
        bench.rounds,
        [
            &mut || plan("auto"),
            &mut || plan("shared"),
            &mut || plan("separate"),
            &mut || Ok(together.run()?.0),
            &mut || Ok(separate.run()?.0),
        ],
    )?;
    let [auto, our_shared, our_separate, shared, separate] = times;
    let best = [&our_shared, &our_separate, &shared, &separate]
        .into_iter()
        .min_by_key(|times| times.median())
        .unwrap_or(&auto);
    table.at_most("20 counts, some with an index", &auto, best, 1.15);
    table.note(format!(
        "20 counts, some with an index: all shared {} by ours, {} by hand; all separate {} by ours, {} by hand, \
         whole statements on {CONNECTIONS} connections; the least of the four is the other",
        seconds(our_shared.median()),
        seconds(shared.median()),
        seconds(our_separate.median()),
        seconds(separate.median())
    ));
    Ok(())
}

fn metrics() -> Vec<Metric> {
    let windowed = WINDOWED.iter().map(|condition| (condition, "28d"));
    let all = windowed.chain(OTHERS.iter().map(|condition| (condition, "all")));
    all.enumerate()
        .map(|(number, (condition, frame))| {
            let relation = match *condition {
                "TRUE" => TABLE.to_owned(),
                condition => format!("{TABLE} WHERE {condition}"),
            };
            Metric::count(format!("counts.issues_{number}"), relation).within(frame)
        })
        .collect()
}

fn conditions() -> Vec<String> {
    let windowed = WINDOWED.iter().map(|condition| format!("{condition} AND {WINDOW}"));
    windowed
        .chain(OTHERS.iter().map(|condition| (*condition).to_owned()))
        .collect()
}

/// All ours together are what the statements by hand count together, whichever of them ends first.
fn check(ours: &Ours, by_hand: &ByHand<'_>) -> Result<()> {
    let ran = ours.run(&[])?;
    let numbers = 0..WINDOWED.len() + OTHERS.len();
    let counted = numbers.map(|number| ran.value(&format!("counts.issues_{number}")));
    let mut counted = counted.collect::<Result<Vec<i64>>>()?;
    let lines = by_hand.run()?.1;
    let mut wanted = lines
        .iter()
        .map(|line| line.parse())
        .collect::<std::result::Result<Vec<i64>, _>>()?;
    counted.sort_unstable();
    wanted.sort_unstable();
    match counted == wanted {
        true => Ok(()),
        false => Err(format!("ours counts {counted:?}, by hand it is {wanted:?}").into()),
    }
}
