//! A running `serve`, on a free port of this machine.

use std::process::Stdio;

use crate::support::cli::{Cli, Running};

/// Dropping it ends it.
pub struct Serving {
    _running: Running,
    /// Without a slash at its end.
    pub url: String,
}

impl Serving {
    pub fn start(cli: &Cli, config: &str, variables: &[(&str, &str)]) -> Serving {
        let mut command = cli.command(&["--config", config, "serve", "--schedule", "--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut running = cli.attach(child.expect("the binary runs"));
        let line = running.line_with("listening on ");
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.expect("the line says where").to_owned();
        Serving { _running: running, url }
    }
}

/// A new token, as it is shown once.
pub fn token(cli: &Cli, config: &str, name: &str, more: &[&str]) -> String {
    let arguments = [&["--config", config, "token", "add", name][..], more].concat();
    cli.run(&arguments).expect_code(0).stdout.trim().to_owned()
}
