//! A server's processes, as the system lists them.

use std::path::Path;
use std::process::Command;

/// A process and its children, itself first: a server's processes are all children of its first.
pub fn family(first: Option<u32>) -> Vec<u32> {
    let Some(first) = first else { return Vec::new() };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children = ids.filter(|id| parent(*id) == Some(first));
    std::iter::once(first).chain(children).collect()
}

/// Sends a signal by name to all of them; those that are gone already are no failure.
pub fn signal(name: &str, ids: &[u32]) {
    let ids = ids.iter().map(u32::to_string);
    let _ = Command::new("kill").args(["-s", name, "--"]).args(ids).output();
}

/// Whether a process runs; one that is only to be waited for does not.
pub fn lives(id: u32) -> bool {
    state_and_parent(id).is_some_and(|(state, _)| state != "Z")
}

fn parent(id: u32) -> Option<u32> {
    state_and_parent(id)?.1.parse().ok()
}

/// The two fields after the command's name, which may hold spaces and parentheses.
fn state_and_parent(id: u32) -> Option<(String, String)> {
    let text = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.to_owned()))
}
