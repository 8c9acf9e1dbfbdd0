//! What our program itself takes: to plan many definitions, and in memory.

use std::time::Duration;

use serde_json::Value;

use crate::ours::Ours;
use crate::table::{Table, seconds};
use crate::turns::median;
use crate::{Bench, Result, ping};

const DEFINITIONS: usize = 3_000;
const PLANNED_WITHIN: Duration = Duration::from_millis(150);
const MOST_MEMORY: f64 = 96.0;

/// Loading and planning a folder of definitions whose files are in memory, without a database.
pub fn planning(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let ours = Ours::new(&ping::metrics(DEFINITIONS), "");
    let plan = || ours.timed(&["run", "--dry-run", "--format", "json"]);
    let planned: Value = serde_json::from_str(&plan()?.1)?;
    let count = planned.get("metrics").and_then(Value::as_array).map_or(0, Vec::len);
    if count != DEFINITIONS {
        return Err(format!("{count} metrics were planned of {DEFINITIONS}").into());
    }
    let times = (0..bench.rounds).map(|_| Ok(plan()?.0)).collect::<Result<Vec<_>>>()?;
    let time = median(times);
    let (is, most) = (seconds(time), format!("< {}", seconds(PLANNED_WITHIN)));
    table.check(
        "3,000 definitions, loaded and planned",
        &is,
        &most,
        time < PLANNED_WITHIN,
    );
    Ok(())
}

/// The most memory that a run of as many metrics holds.
pub fn memory(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let ours = Ours::over(
        &ping::metrics(DEFINITIONS),
        &bench.ping().reader_url(),
        ping::CONNECTIONS,
    );
    let ran = ours.run(&[])?;
    let mebibytes = ran.number("peak_memory_bytes") / f64::from(1 << 20);
    let is = format!("{mebibytes:.0} MiB");
    let met = mebibytes > 0.0 && mebibytes < MOST_MEMORY && ran.number("metrics") as usize == DEFINITIONS;
    table.check(
        "3,000 metrics, memory at the peak",
        &is,
        &format!("< {MOST_MEMORY:.0} MiB"),
        met,
    );
    table.note(format!(
        "3,000 metrics over the ping's tables: {}, {} fallbacks",
        seconds(ran.wall),
        ran.number("fallbacks")
    ));
    Ok(())
}
