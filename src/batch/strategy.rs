//! How the measures of a run share the work: by cost, or as it is asked for.

/// What a run may share, and how it splits tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Strategy {
    pub sharing: Sharing,
    pub ranges: RangeKind,
}

/// Whether measures over the same rows are read in one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// As the planner's costs say.
    #[default]
    Auto,
    /// Wherever it keeps each value exact, whatever it costs.
    Always,
    /// Never: each measure by itself in batches of fixed size, one after the other on one connection (spec 4).
    Never,
}

/// How the rows of a table are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RangeKind {
    /// As the table, its key and the classes allow.
    #[default]
    Auto,
    /// By blocks (`ctid`) wherever the server reads them, whatever the classes say.
    Blocks,
    /// Stepped along the key, integers too.
    Keyset,
}
