//! A command of the operator's, with a document on its standard input.

use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a command that runs is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a program to its end, at most for `timeout`. What it prints goes to our stderr, so that results stay alone on stdout.
///
/// # Errors
/// Why it did not end well, in words.
pub(crate) async fn run_command(
    program: &str,
    arguments: &[String],
    document: String,
    timeout: Duration,
) -> Result<(), String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::from(std::io::stderr()));
    let ended = tokio::task::spawn_blocking(move || to_its_end(command, &document, timeout)).await;
    match ended.map_err(|error| error.to_string())?? {
        status if status.success() => Ok(()),
        status => Err(status.to_string()),
    }
}

fn to_its_end(mut command: Command, document: &str, timeout: Duration) -> Result<ExitStatus, String> {
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut stdin = child.stdin.take();
    let document = document.to_owned();
    // A command that reads nothing must not hold us up: a pipe takes only so much.
    std::thread::spawn(move || {
        let written = stdin.as_mut().map(|stdin| stdin.write_all(document.as_bytes()));
        drop((written, stdin));
    });
    wait(&mut child, timeout)
}

fn wait(child: &mut Child, timeout: Duration) -> Result<ExitStatus, String> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status);
        }
        if begun.elapsed() >= timeout {
            // It may have ended by itself since.
            drop(child.kill());
            drop(child.wait());
            return Err(format!("it ran longer than {timeout:?} and was ended"));
        }
        std::thread::sleep(LOOK);
    }
}
