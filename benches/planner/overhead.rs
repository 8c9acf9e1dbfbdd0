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

/// Planning the definitions of a folder, without a database; to read and check their files comes before it, and is told
/// beside it.
pub fn planning(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let ours = Ours::new(&ping::metrics(DEFINITIONS), "");
    let (mut planning, mut loading, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=bench.rounds {
        let (wall, report) = ours.timed(&["run", "--dry-run", "--format", "json"])?;
        let report: Value = serde_json::from_str(&report)?;
        let count = report.get("metrics").and_then(Value::as_array).map_or(0, Vec::len);
        if count != DEFINITIONS {
            return Err(format!("{count} metrics were planned of {DEFINITIONS}").into());
        }
        planning.push(told(&report, "planned_in")?);
        loading.push(told(&report, "loaded_in")?);
        whole.push(wall);
    }
    let time = median(planning);
    table.check(
        "3,000 definitions, planned",
        &seconds(time),
        &format!("< {}", seconds(PLANNED_WITHIN)),
        time < PLANNED_WITHIN,
    );
    table.note(format!(
        "3,000 definitions: read and checked in {}, planned in {}; the whole process, which prints them, {}",
        seconds(median(loading)),
        seconds(time),
        seconds(median(whole))
    ));
    Ok(())
}

fn told(report: &Value, name: &str) -> Result<Duration> {
    let told = report.get(name).and_then(Value::as_f64);
    Ok(Duration::from_secs_f64(
        told.ok_or_else(|| format!("{name} is missing"))?,
    ))
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
