//! Two replicas, each with a processor of its own, against one of them; and one that dies meanwhile.

use std::time::{Duration, Instant};

use crate::issues::{CONDITIONS, TABLE};
use crate::metric::Metric;
use crate::ours::Ours;
use crate::support::postgres::{Replica, Setup};
use crate::support::processors;
use crate::table::Table;
use crate::turns::in_turn;
use crate::{Bench, Result};

pub fn case(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let database = bench.issues();
    let pinned = |core| {
        bench.server.replica(&Setup {
            core: Some(core),
            ..Setup::default()
        })
    };
    let processors = processors::allowed();
    let replicas = [0, 1].map(|place| pinned(processors[place % processors.len()]));
    for replica in &replicas {
        replica.wait_until_caught_up(bench.server);
        // Both read the table once, so that neither starts with cold memory.
        replica.psql(database.name(), "SELECT count(title) FROM issues");
    }
    let over = |replicas: &[Replica]| {
        let urls: Vec<String> = replicas
            .iter()
            .map(|replica| format!("{:?}", replica.reader_url(database.name())))
            .collect();
        let urls = urls.join(", ");
        let url = database.reader_url();
        Ours::new(
            &metrics(),
            &format!("url = \"{url}\"\nreplicas = [{urls}]\nconnections = 1"),
        )
    };
    let [first, _] = &replicas;
    let (one, two) = (over(std::slice::from_ref(first)), over(&replicas));
    let wanted = one.run(&[])?.values();
    let is = same(&two.run(&[])?.values(), &wanted);
    table.check("two replicas, payload", is, "same", is == SAME);
    let times = in_turn(
        bench.rounds,
        [&mut || Ok(two.run(&[])?.wall), &mut || Ok(one.run(&[])?.wall)],
    )?;
    let [both, alone] = times;
    table.faster("two replicas, of one alone", &both, &alone, 1.6);
    let [_, second] = &replicas;
    let is = match killed_meanwhile(&two, second, database.name())? {
        None => "not asked",
        Some(values) => same(&values, &wanted),
    };
    table.check("two replicas, one killed, payload", is, "same", is == SAME);
    Ok(())
}

/// What a payload is beside that of one replica alone.
const SAME: &str = "same";

fn same(values: &serde_json::Value, wanted: &serde_json::Value) -> &'static str {
    if values == wanted { SAME } else { "differs" }
}

/// The twenty counts and what else rides along with them.
fn metrics() -> Vec<Metric> {
    let numbered = CONDITIONS.iter().enumerate();
    let counts = numbered.map(|(number, condition)| {
        Metric::count(format!("counts.issues_{number}"), format!("{TABLE} WHERE {condition}"))
    });
    let others = [
        Metric::of("counts.weights", "sum", TABLE, "weight"),
        Metric::of("counts.average_weight", "average", TABLE, "weight"),
        Metric::of("counts.authors", "estimate_batch_distinct_count", TABLE, "author_id"),
    ];
    counts.chain(others).collect()
}

/// The values of a run during which the replica was killed while it worked for it; `None` where it never did.
fn killed_meanwhile(ours: &Ours, replica: &Replica, database: &str) -> Result<Option<serde_json::Value>> {
    let begun = Instant::now();
    let mut child = ours.start(&[])?;
    let works = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'service_ping' AND state = 'active'
        AND query LIKE '%issues%'";
    while child.try_wait()?.is_none() {
        if replica.psql(database, works) != "0" {
            replica.kill();
            return Ok(Some(ours.finish(child, begun)?.values()));
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Ok(None)
}
