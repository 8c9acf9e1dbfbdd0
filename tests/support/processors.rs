//! The processors that a process may use.

use std::process::Command;

/// Ours: a container, or whoever started us, may leave only some of the machine's.
pub fn allowed() -> Vec<usize> {
    of(std::process::id()).expect("we live")
}

/// Those of a process; `None` where it has ended.
pub fn of(process: u32) -> Option<Vec<usize>> {
    let id = process.to_string();
    let told = Command::new("taskset").args(["-c", "-p", &id]).output();
    let told = told.expect("taskset runs (util-linux)");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let (_, list) = told.rsplit_once(": ")?;
    Some(parsed(list.trim()))
}

/// A list as `0,2-3`.
fn parsed(list: &str) -> Vec<usize> {
    let number = |text: &str| text.parse::<usize>().expect("a processor's number");
    let ranges = list
        .split(',')
        .map(|range| range.split_once('-').unwrap_or((range, range)));
    ranges.flat_map(|(first, last)| number(first)..=number(last)).collect()
}
