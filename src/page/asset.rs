//! Files that pages refer to. They are part of the program, and their addresses change with their bytes, so that browsers
//! may keep them.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The look of all pages: light and dark, narrow and wide, on paper.
pub static STYLE: Asset = Asset {
    path: "/assets/page.css",
    kind: "text/css; charset=utf-8",
    bytes: include_str!("page.css"),
    version: LazyLock::new(|| version(include_str!("page.css"))),
};

/// What pages do by themselves: they work without it.
pub static SCRIPT: Asset = Asset {
    path: "/assets/page.js",
    kind: "text/javascript; charset=utf-8",
    bytes: include_str!("page.js"),
    version: LazyLock::new(|| version(include_str!("page.js"))),
};

/// A file of the program.
#[derive(Debug)]
pub struct Asset {
    pub path: &'static str,
    /// Its media type.
    pub kind: &'static str,
    pub bytes: &'static str,
    version: LazyLock<String>,
}

impl Asset {
    /// The address under which these very bytes are found for ever.
    pub fn address(&self) -> String {
        format!("{}?v={}", self.path, self.version())
    }

    /// The first digits of the bytes' SHA-256.
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn version(bytes: &str) -> String {
    let digest = Sha256::digest(bytes.as_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
