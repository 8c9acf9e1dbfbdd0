//! Who holds a lease: a process, so that others can tell whether it still lives.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A process as other processes may find it, on this machine or on another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Another one for each lease that is asked for.
    id: String,
    /// The machine's name, for people.
    pub host: String,
    pub pid: u32,
    /// What tells this process from all others, where the system says so.
    process: Option<Process>,
}

/// A process of one boot of one machine; a number that was given to another process since has another start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Process {
    boot: String,
    /// Containers number their processes by themselves.
    namespace: String,
    /// Ticks since the boot.
    started: u64,
}

impl Holder {
    /// This process.
    pub(super) fn new() -> Holder {
        let pid = std::process::id();
        Holder {
            id: Uuid::new_v4().to_string(),
            host: read("/proc/sys/kernel/hostname").unwrap_or_default(),
            pid,
            process: Process::of(pid),
        }
    }

    /// As it is kept.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| self.id.clone())
    }

    /// `None` for what another version has kept.
    pub(super) fn from_text(text: &str) -> Option<Holder> {
        serde_json::from_str(text).ok()
    }

    /// Whether its process is known to have ended: it ran here, and runs no more. A process that is only stopped lives.
    pub(super) fn is_dead(&self) -> bool {
        let (Some(then), Some(own)) = (&self.process, Process::of(std::process::id())) else {
            return false;
        };
        let is_visible = then.boot == own.boot && then.namespace == own.namespace;
        is_visible && Process::of(self.pid).as_ref() != Some(then)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.is_empty() {
            true => write!(formatter, "process {}", self.pid),
            false => write!(formatter, "process {} on {}", self.pid, self.host),
        }
    }
}

impl Process {
    /// `None` where there is none of this number, it has ended and nobody has asked how, or the system does not say.
    fn of(pid: u32) -> Option<Process> {
        let stat = read(&format!("/proc/{pid}/stat"))?;
        // The name may hold anything; what follows its parenthesis are the state and numbers (proc(5): field 22).
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        if matches!(fields.first(), Some(&("Z" | "X"))) {
            return None;
        }
        Some(Process {
            boot: read("/proc/sys/kernel/random/boot_id")?,
            namespace: std::fs::read_link("/proc/self/ns/pid").ok()?.display().to_string(),
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

fn read(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_lives_until_it_has_ended() {
        let own = Holder::new();
        assert!(!own.is_dead());
        assert_eq!(Holder::from_text(&own.to_text()), Some(own.clone()));
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let of_child = Holder {
            pid: child.id(),
            process: Process::of(child.id()),
            ..own.clone()
        };
        assert!(!of_child.is_dead());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(of_child.is_dead());
        let elsewhere = Holder {
            process: of_child.process.clone().map(|process| Process {
                boot: "another".to_owned(),
                ..process
            }),
            ..of_child
        };
        assert!(!elsewhere.is_dead(), "nobody knows of another machine's processes");
    }
}
