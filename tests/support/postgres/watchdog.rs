//! A process that outlives its tests and clears up after them, whatever ends them.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::account::Account;
use super::binaries::Binaries;

/// Waits for the owner's end, then stops the server and removes its folder. A process that is not our child is looked
/// for in turns, a pipe's end comes by itself.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
owner=$1 folder=$2 user=$3 pg_ctl=$4 meeting=$5
if [ -n "$owner" ]; then
    while kill -0 "$owner" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$owner/status" 2>/dev/null; do
        sleep 0.2
    done
else
    cat >/dev/null
fi
cd /
if [ -n "$user" ]; then
    runuser -u "$user" -- "$pg_ctl" -D "$folder/data" -m immediate -w stop
else
    "$pg_ctl" -D "$folder/data" -m immediate -w stop
fi
rm -rf -- "$folder"
[ -z "$meeting" ] || rm -f -- "$meeting"
"#;

/// Whose end is the server's end.
pub enum Owner {
    /// The value that holds the watchdog, and so at the latest this process.
    ThisValue,
    /// Another process, by its id.
    Process(u32),
}

/// The watchdog of one server.
pub struct Watchdog {
    child: Child,
    /// Ours to close; the system closes it when this process is killed.
    pipe: Option<ChildStdin>,
    ends_with_value: bool,
}

impl Watchdog {
    /// Starts a watchdog over `folder`, before there is a server in it. `meeting` is a file to remove with it.
    pub fn start(
        owner: &Owner,
        folder: &Path,
        account: &Account,
        binaries: &Binaries,
        meeting: Option<&Path>,
    ) -> Watchdog {
        let process = match owner {
            Owner::ThisValue => String::new(),
            Owner::Process(id) => id.to_string(),
        };
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "service-ping-watchdog", &process])
            .arg(folder)
            .arg(account.name());
        command
            .arg(binaries.program("pg_ctl"))
            .arg(meeting.unwrap_or(Path::new("")));
        // A group of its own: what ends the tests by their group must not end it.
        command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("a shell starts");
        Watchdog {
            pipe: child.stdin.take(),
            child,
            ends_with_value: matches!(owner, Owner::ThisValue),
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if self.ends_with_value {
            drop(self.pipe.take());
            let _ = self.child.wait();
        }
    }
}
