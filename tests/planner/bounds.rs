//! The ends that a definition gives to the integer its ranges run over.

/// Ends of ranges, both included.
pub struct Bounds {
    pub over: String,
    pub start: Option<i64>,
    pub finish: Option<i64>,
}

impl Bounds {
    pub fn conditions(&self) -> impl Iterator<Item = String> {
        let start = self.start.map(|start| format!("{} >= {start}", self.over));
        let finish = self.finish.map(|finish| format!("{} <= {finish}", self.over));
        start.into_iter().chain(finish)
    }
}

pub fn is_integer(column: &str) -> bool {
    !matches!(column, "txt" | "num")
}

/// The lowest value of a column, and about how far the highest lies from it.
pub fn spread(column: &str, rows: i64) -> (i64, i64) {
    match column {
        "a" => (-2, 7),
        "big" => (-400_000_000_000, 900_000_000_000),
        _ => (0, rows),
    }
}
