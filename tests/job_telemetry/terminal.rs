//! A job at a terminal: the terminal is the command's.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::mpsc::channel;

use nix::pty::openpty;

use crate::support::cli::Cli;
use crate::support::wait::PATIENCE;

/// `setsid --ctty` gives a session of its own to what it starts, with the terminal that is its input.
#[test]
fn keys_reach_the_command_once_and_it_sees_a_terminal() {
    let cli = Cli::new();
    cli.write("job.json", "{}");
    let terminal = openpty(None, None).expect("a terminal");
    let theirs = File::from(terminal.slave);
    let script = "test -t 0 && test -t 1 && test -t 2 && echo a terminal; n=0; trap 'n=$((n+1)); echo key $n' INT; \
                  echo ready; read line; echo read $line after $n; exit 8";
    let program = cli.command(&[]).get_program().to_owned();
    let mut child = std::process::Command::new("setsid")
        .args(["--ctty", "--wait"])
        .arg(program)
        .args(["job", "exec", "--payload", "job.json", "--", "bash", "-c", script])
        .current_dir(cli.folder())
        .stdin(Stdio::from(theirs.try_clone().unwrap()))
        .stdout(Stdio::from(theirs.try_clone().unwrap()))
        .stderr(Stdio::from(theirs))
        .spawn()
        .expect("setsid runs");
    let mut ours = File::from(terminal.master);
    let (sender, shown) = channel();
    let mut reader = ours.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut byte = [0];
        // The terminal ends with an error once nobody has it any more.
        while reader.read(&mut byte).is_ok_and(|read| read == 1) && sender.send(byte[0]).is_ok() {}
    });
    let mut seen = String::new();
    let mut until = |part: &str| {
        while !seen.contains(part) {
            let byte = shown.recv_timeout(PATIENCE);
            seen.push(char::from(byte.unwrap_or_else(|_| panic!("no {part:?} in {seen:?}"))));
        }
        seen.clone()
    };
    assert!(until("ready").contains("a terminal"));
    // Ctrl-C.
    ours.write_all(&[3]).unwrap();
    until("key 1");
    ours.write_all(b"line\n").unwrap();
    until("read line after 1");
    assert_eq!(child.wait().unwrap().code(), Some(8));
}
