//! What tells the rows of a table apart: integers of any kind, other types, several columns, nothing.

/// The database that a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    Postgres,
    Sqlite,
}

/// What tells the rows of a table apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Dense,
    Small,
    Negative,
    Sparse,
    /// Unique, but NULL now and then.
    Nullable,
    Uuid,
    Text,
    Composite,
    None,
}

pub const KEYS: [Key; 9] = [
    Key::Dense,
    Key::Small,
    Key::Negative,
    Key::Sparse,
    Key::Nullable,
    Key::Uuid,
    Key::Text,
    Key::Composite,
    Key::None,
];

/// So far apart that even two such ids lie more ranges apart than are ever made.
pub const SPARSE_STEP: i64 = 3_000_000_019;

impl Key {
    /// The columns of the primary key, as a definition names them.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Key::Composite => &["key_a", "key_b"],
            Key::None => &[],
            _ => &["id"],
        }
    }

    pub fn has_id(self) -> bool {
        self.columns() == ["id"]
    }

    /// The distance of two neighbouring ids; `None` where ids are no integers.
    pub fn step(self) -> Option<i64> {
        match self {
            Key::Dense | Key::Small | Key::Negative | Key::Nullable => Some(1),
            Key::Sparse => Some(SPARSE_STEP),
            Key::Uuid | Key::Text | Key::Composite | Key::None => None,
        }
    }

    /// Its columns, as a table declares them before others.
    pub fn declared(self, spelling: Spelling) -> &'static str {
        match (self, spelling) {
            (Key::Dense | Key::Negative, _) => "id integer PRIMARY KEY, ",
            (Key::Small, _) => "id smallint PRIMARY KEY NOT NULL, ",
            (Key::Sparse, _) => "id bigint PRIMARY KEY NOT NULL, ",
            (Key::Nullable, _) => "id integer UNIQUE, ",
            (Key::Uuid, Spelling::Postgres) => "id uuid PRIMARY KEY, ",
            (Key::Uuid, Spelling::Sqlite) | (Key::Text, _) => "id text PRIMARY KEY NOT NULL, ",
            (Key::Composite, _) => "key_a integer NOT NULL, key_b text NOT NULL, PRIMARY KEY (key_a, key_b), ",
            (Key::None, _) => "",
        }
    }

    /// The lowest id of so many rows, where ids are integers.
    pub fn first_id(self, rows: i64) -> i64 {
        match self {
            Key::Negative => 1 - rows / 2,
            Key::Sparse => SPARSE_STEP - 500,
            _ => 1,
        }
    }

    /// The key of a row, as literals.
    pub fn cells(self, n: i64, rows: i64, scattered: u64) -> Vec<String> {
        match self {
            Key::Dense | Key::Small => vec![n.to_string()],
            Key::Negative => vec![(n - rows / 2).to_string()],
            Key::Sparse => vec![(n * SPARSE_STEP - 500).to_string()],
            Key::Nullable if n % 7 == 0 => vec!["NULL".to_owned()],
            Key::Nullable => vec![n.to_string()],
            Key::Uuid => vec![format!("'{:08x}-0000-4000-8000-{n:012x}'", scattered & 0xffff_ffff)],
            Key::Text => vec![format!("'k{}''-{n}'", scattered % 50)],
            Key::Composite => vec![(n % 9 - 4).to_string(), format!("'b{n}'")],
            Key::None => vec![],
        }
    }
}
