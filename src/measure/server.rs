//! What a metric asks of a database about itself.

/// Something that a database knows of itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerMeasure {
    /// The name under `[database.*]`.
    pub database: String,
    pub fact: ServerFact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerFact {
    /// `postgresql` or `sqlite`.
    Adapter,
    /// The server's version, without what a packager added to it.
    Version,
    /// The number that PostgreSQL gave its cluster when it was made.
    SystemId,
    /// Who runs the server as a service, where it shows.
    Flavor,
}

const NAMES: [(&str, ServerFact); 4] = [
    ("adapter", ServerFact::Adapter),
    ("version", ServerFact::Version),
    ("pg_system_id", ServerFact::SystemId),
    ("flavor", ServerFact::Flavor),
];

impl ServerFact {
    /// The fact of a name.
    pub fn of(name: &str) -> Option<ServerFact> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
    }

    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }

    /// All names, in their order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}
