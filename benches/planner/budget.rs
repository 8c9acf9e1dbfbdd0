//! A run that has an end, with a metric that has none.

use std::time::Duration;

use crate::metric::Metric;
use crate::ours::Ours;
use crate::table::{Table, seconds};
use crate::{Bench, Result};

const OPTION: &str = "--budget";
const BUDGET: &str = "5s";
const WITHIN: Duration = Duration::from_secs(6);

pub fn case(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let database = bench.server.database();
    database.psql(
        "CREATE TABLE t (id bigint PRIMARY KEY, note text);
         INSERT INTO t SELECT i, 'a note' FROM generate_series(1, 1000) i;
         CREATE TABLE u AS TABLE t;
         CREATE FUNCTION endless(bigint) RETURNS boolean LANGUAGE sql VOLATILE
            AS 'SELECT pg_sleep(3600) IS NOT NULL'",
    );
    let metrics = [
        Metric::count("counts.endless", "t WHERE endless(t.id)"),
        Metric::count("counts.other", "u"),
    ];
    let ours = Ours::over(&metrics, &database.reader_url(), 2);
    let what = format!("{OPTION} {BUDGET} with an endless metric, ends after");
    if !ours.timed(&["run", "--help"])?.1.contains(OPTION) {
        table.skipped(&what, "run has no such option yet");
        return Ok(());
    }
    let ran = ours.run(&[OPTION, BUDGET])?;
    let has_the_rest = ran.value("counts.other").is_ok();
    let met = ran.wall < WITHIN && has_the_rest;
    table.check(&what, &seconds(ran.wall), &format!("< {}", seconds(WITHIN)), met);
    Ok(())
}
