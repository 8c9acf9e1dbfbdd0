//! A statement as people read it: its clauses each on a line of their own.

/// Words and signs that begin a line where they stand outside of brackets and quotes.
const CLAUSES: [&str; 10] = [
    "FROM ",
    "INNER JOIN ",
    "LEFT JOIN ",
    "LEFT OUTER JOIN ",
    "JOIN ",
    "WHERE ",
    "GROUP BY ",
    "HAVING ",
    "ORDER BY ",
    "+ (",
];

/// The statement with its clauses on lines of their own; what it says is unchanged.
pub(super) fn in_lines(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 16);
    let (mut depth, mut quote) = (0_usize, None);
    for (place, character) in sql.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ' ') if depth == 0 && begins_clause(sql, place + 1) => {
                text.push('\n');
                continue;
            }
            (None, _) => {}
        }
        text.push(character);
    }
    text
}

fn begins_clause(sql: &str, place: usize) -> bool {
    let Some(rest) = sql.get(place..) else { return false };
    // "LEFT JOIN" breaks before LEFT, not again before JOIN.
    let before = sql.get(..place).unwrap_or_default().trim_end();
    let goes_on = ["INNER", "LEFT", "OUTER", "RIGHT", "FULL", "CROSS"]
        .iter()
        .any(|word| before.ends_with(word));
    !goes_on && CLAUSES.iter().any(|clause| rest.starts_with(clause))
}
