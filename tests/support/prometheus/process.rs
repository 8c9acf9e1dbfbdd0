//! A server in a process of its own, which ends with the test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use crate::support::wait::wait_until;

/// Ends the server when the process that holds the pipe is gone, however it ended.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
"$@" </dev/null &
server=$!
cat >/dev/null
kill -9 "$server" 2>/dev/null
wait "$server" 2>/dev/null
"#;

/// What is started, where it writes, and what it writes once it serves.
pub(super) struct Process {
    log: PathBuf,
    guard: Mutex<Option<Child>>,
}

impl Process {
    /// Starts `program` in `folder`, and returns once its log holds `ready`.
    pub(super) fn start(folder: &Path, program: &str, arguments: &[String], ready: &str) -> Process {
        let log = folder.join(format!("{program}.log"));
        let file = File::create(&log).expect("the folder is ours");
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "service-ping-tests", program])
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(file.try_clone().expect("a file"))
            .stderr(file);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().expect("a shell starts");
        let process = Process {
            log,
            guard: Mutex::new(Some(child)),
        };
        wait_until(&format!("{program} to serve"), || process.log().contains(ready));
        process
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(super) fn kill(&self) {
        if let Some(mut child) = self.guard.lock().unwrap().take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
