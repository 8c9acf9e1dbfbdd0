//! How the values of a column come about.

/// How unevenly a draw falls: by the power of an even draw, so that low numbers are the likely ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    Even,
    /// The first quarter takes half.
    Mild,
    /// The first eighth takes half: a few large projects, and many with hardly anything.
    Strong,
}

/// Where the values of a column come from; evaluated for each row by [`Filling`](super::Filling).
#[derive(Debug, Clone, Copy)]
pub enum Generator {
    /// The row's number, counted from this one; keys count from 1.
    Ordinal(i64),
    Null,
    Integer(i64),
    Boolean(bool),
    Text(&'static str),
    /// A text made unique by the row's number, as in `project-17`.
    Numbered(&'static str),
    /// The texts of a list, one row after the other, and again from the first.
    Listed(&'static [&'static str]),
    /// The id of some row of another table.
    Pick(&'static str, Skew),
    /// Ids of another table in rising order, all different where that table is at least as large: for one-to-one tables.
    Each(&'static str),
    /// The same, for the first half of a pair: where that table is smaller, each id is named by several rows in a row.
    Spread(&'static str),
    /// Ids of another table, all different for rows that lie close together: the second half of a pair.
    Scatter(&'static str),
    /// A whole number in a closed range.
    Between(i64, i64, Skew),
    /// When the row came to be: an instance that grew over the years, the last row a moment before now.
    Created,
    /// Some time after the row came to be, at most this many days, and not later than now.
    Later(i64),
    /// Some time before now, at most this many hours; most of them recent.
    Ago(i64),
    /// A day, this many days from now at the least and at the most; negative lies in the past.
    DayFromNow(i64, i64),
    /// One of several generators by weight. Columns of a table that name the same dice fall the same way.
    OneOf(&'static str, &'static [(u32, Generator)]),
}
