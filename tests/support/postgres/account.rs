//! The user that servers run as: PostgreSQL refuses to run as root.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// The unprivileged account that servers run as, where the tests run as root; else nobody but ourselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account(Option<String>);

impl Account {
    pub fn find() -> Account {
        if output("id", &["-u"]).as_deref() != Some("0") {
            return Account(None);
        }
        let known = ["postgres", "nobody"]
            .into_iter()
            .find(|user| output("id", &["-u", user]).is_some());
        let user =
            known.expect("the tests run as root and there is neither a user `postgres` nor `nobody` for the server");
        Account(Some(user.to_owned()))
    }

    /// The user's name; empty where it is ourselves.
    pub fn name(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// A command that runs as this user, with nothing on its standard input.
    pub fn command(&self, program: &OsStr) -> Command {
        let mut command = match &self.0 {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.stdin(Stdio::null()).current_dir("/");
        command
    }

    /// Gives `path`, and all in it, to this user.
    pub fn own(&self, path: &Path) {
        if let Some(user) = &self.0 {
            run(Command::new("chown").arg("-R").arg(user).arg(path));
        }
    }
}

/// Runs a command to its end, and gives what it printed. Panics, showing all of it, where it fails.
pub fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{command:?} failed with {}\n{stdout}{stderr}",
        output.status
    );
    stdout.into_owned()
}

/// What a command prints, without white space around it; `None` where it fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
