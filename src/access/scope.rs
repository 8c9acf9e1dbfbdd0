//! What a token allows.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One thing that a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Tracking events.
    Track,
    /// Reading payloads and pages.
    ReadServicePing,
    /// Everything, also what costs the database or changes what leaves.
    Admin,
}

impl Scope {
    pub const ALL: [Scope; 3] = [Scope::Track, Scope::ReadServicePing, Scope::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Track => "track",
            Scope::ReadServicePing => "read_service_ping",
            Scope::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Scope, String> {
        let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
        scope.ok_or_else(|| "a scope is track, read_service_ping or admin".to_owned())
    }
}

/// Some scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether these allow it; `admin` allows everything.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || self.0.contains(&Scope::Admin)
    }

    /// The scopes of a text as [`Display`](fmt::Display) writes it; names that are none are left out.
    pub fn parse(text: &str) -> Scopes {
        text.split(' ').filter_map(|name| name.parse().ok()).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Scopes {
        Scopes(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&names.join(" "))
    }
}
