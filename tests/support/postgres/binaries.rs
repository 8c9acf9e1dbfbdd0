//! Where PostgreSQL's programs are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest major version that the engine supports.
const OLDEST: u32 = 14;

/// A folder of PostgreSQL's programs.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
    /// The major version.
    pub version: u32,
}

impl Binaries {
    /// The newest version among Debian's folders and `PATH`. Panics where there is none: a test without its server
    /// fails, it is never skipped.
    pub fn find() -> Binaries {
        let newest = folders()
            .into_iter()
            .filter_map(Binaries::at)
            .max_by_key(|binaries| binaries.version);
        newest.unwrap_or_else(|| {
            panic!(
                "no PostgreSQL {OLDEST} or later in /usr/lib/postgresql or PATH: install the package `postgresql` \
                 (`scripts/test` does, or `apt-get install postgresql`)"
            )
        })
    }

    fn at(folder: PathBuf) -> Option<Binaries> {
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let version = major_version(&String::from_utf8_lossy(&output.stdout))?;
        let complete = ["initdb", "pg_ctl", "psql"]
            .iter()
            .all(|program| folder.join(program).exists());
        (complete && version >= OLDEST).then_some(Binaries { folder, version })
    }

    /// The path of one program.
    pub fn program(&self, name: &str) -> OsString {
        self.folder.join(name).into_os_string()
    }
}

fn folders() -> Vec<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders.retain(|folder| Path::new(&folder.join("postgres")).exists());
    folders
}

/// 15 of `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)`.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().nth(2)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
