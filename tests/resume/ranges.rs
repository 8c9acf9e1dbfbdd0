//! The statements of ranges, and those that were sent more than once.

use std::collections::BTreeMap;

/// How many statements of ranges were sent again. A range is known by its condition and its table; statements that look
/// something up, or read a table as a whole, count for nothing.
pub fn repeated(statements: &[String]) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for statement in statements.iter().filter(|statement| is_range(statement)) {
        *seen.entry(statement).or_default() += 1;
    }
    let more = seen.into_iter().filter(|(_, times)| *times > 1);
    more.flat_map(|(statement, times)| std::iter::repeat_n(statement.to_owned(), times - 1))
        .collect()
}

/// Whether it reads a part of the rows: between two integers, blocks or keys.
pub fn is_range(statement: &str) -> bool {
    let has_values = ["COUNT(", "SUM(", "string_agg(", "AVG("]
        .iter()
        .any(|function| statement.contains(function))
        || statement.contains("IS NOT NULL");
    let has_range = [
        "\"id\" >= ",
        "\"id\" < ",
        "ctid",
        "\"uuid\") > ",
        "\"uuid\") <= ",
        "\"uuid\" > ",
        "\"uuid\" <= ",
    ];
    has_values && has_range.iter().any(|part| statement.contains(part))
}
