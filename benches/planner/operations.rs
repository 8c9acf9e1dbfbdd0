//! Single operations over one large table, one metric and one connection, against the same batches by hand.

use crate::by_hand::{ByHand, Split};
use crate::issues::{self, TABLE};
use crate::metric::Metric;
use crate::ours::Ours;
use crate::table::Table;
use crate::turns::{Times, in_turn};
use crate::{Bench, Result};

const INDEX: &str = "CREATE INDEX operations_author ON issues (author_id)";
/// How many authors there are at most.
const AUTHORS: u64 = 299_999;
/// The form that hashes in SQL: 512 buckets, 32 bits of md5, 10,000 rows a statement.
const HASHED_BATCH: u64 = 10_000;

pub fn case(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    bench.issues().psql(INDEX);
    bench.issues().psql("VACUUM (ANALYZE) issues");
    let measured = measured(bench, table);
    bench.issues().psql("DROP INDEX operations_author");
    measured
}

fn measured(bench: &Bench<'_>, table: &mut Table) -> Result<()> {
    let rows = bench.rows(issues::ROWS);
    let ids = Split::Ids(100_000).ranges(rows, 0);
    let authors = Split::Ids(HASHED_BATCH).ranges(AUTHORS, 0);
    let authors: Vec<String> = authors.iter().map(|range| range.replace("id", "author_id")).collect();
    let hashed = Split::Ids(HASHED_BATCH).ranges(rows, 0);
    let select = |what: &str, ranges: &[String]| -> Vec<String> {
        ranges
            .iter()
            .map(|range| format!("SELECT {what} FROM {TABLE} WHERE {range}"))
            .collect()
    };
    let count = Metric::of("counts.rows", "count", TABLE, "id");
    let sum = Metric::of("counts.weights", "sum", TABLE, "weight");
    let distinct = Metric::of("counts.authors", "distinct_count", TABLE, "author_id");
    let estimate = Metric::of(
        "counts.about_authors",
        "estimate_batch_distinct_count",
        TABLE,
        "author_id",
    );

    for (what, metric, statements) in [
        ("one count", count, select("count(id)", &ids)),
        ("one sum", sum, select("sum(weight)", &ids)),
        (
            "one distinct count",
            distinct,
            select("count(DISTINCT author_id)", &authors),
        ),
    ] {
        let [mine, hand] = timed(bench, &metric, &statements, bench.rounds)?;
        table.at_most(what, &mine, &hand, 1.10);
    }
    let statements: Vec<String> = hashed.iter().map(|range| hashing(range)).collect();
    let [mine, hand] = timed(bench, &estimate, &statements, 1)?;
    table.faster("one estimate, of hashing in SQL", &mine, &hand, 8.0);
    Ok(())
}

fn timed(bench: &Bench<'_>, metric: &Metric, statements: &[String], rounds: usize) -> Result<[Times; 2]> {
    let database = bench.issues();
    let ours = Ours::over(std::slice::from_ref(metric), &database.reader_url(), 1);
    let by_hand = ByHand::new(database, statements, 1)?;
    let mut run = || {
        let ran = ours.run(&[])?;
        ran.value(&metric.key_path)?;
        Ok(ran.wall)
    };
    in_turn(rounds, [&mut run, &mut || Ok(by_hand.run()?.0)])
}

fn hashing(range: &str) -> String {
    format!(
        "WITH hashed AS MATERIALIZED (SELECT ('x' || left(md5(author_id::text), 8))::bit(32) AS h FROM {TABLE}
         WHERE {range} AND author_id IS NOT NULL) SELECT (h & B'00000000000000000000000111111111')::int,
         (31 - floor(log(2, min((h & B'01111111111111111111111111111111')::int))))::int FROM hashed GROUP BY 1"
    )
}
