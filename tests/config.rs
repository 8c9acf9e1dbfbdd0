//! The configuration through its public surface.

#[path = "config/errors.rs"]
mod errors;
#[path = "config/sample.rs"]
mod sample;
#[path = "config/secrets.rs"]
mod secrets;
#[path = "config/values.rs"]
mod values;

use std::path::PathBuf;

use service_ping::config::{Config, ConfigErrors, Environment};

/// A folder with a `service-ping.toml`, and variables to read it with.
struct Fixture {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Fixture {
    fn new(text: &str) -> Fixture {
        let fixture = Fixture::empty();
        fixture.write("service-ping.toml", text);
        fixture
    }

    fn empty() -> Fixture {
        Fixture {
            folder: tempfile::tempdir().expect("a temporary folder"),
            environment: Vec::new(),
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the folder is writable");
    }

    fn env(mut self, name: &str, value: &str) -> Fixture {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self) -> Result<Config, ConfigErrors> {
        let environment = Environment::from_iter(self.environment.clone());
        Config::load_from(self.folder.path(), None, &environment)
    }

    fn config(&self) -> Config {
        self.load().unwrap_or_else(|errors| panic!("{}", render(&errors)))
    }

    fn errors(&self) -> ConfigErrors {
        self.load().expect_err("the configuration is wrong")
    }

    /// Each problem as `line:column code message`, or `VARIABLE code message`.
    fn problems(&self) -> Vec<String> {
        let folder = format!("{}/", self.folder.path().display());
        let lines = self.errors().problems().to_vec().into_iter().map(|problem| {
            let place = problem
                .place
                .to_string()
                .replace(&folder, "")
                .replace("service-ping.toml:", "");
            format!("{place} {} {}", problem.kind.code(), problem.kind)
        });
        lines.collect()
    }
}

/// What a person sees, without colours.
fn render(errors: &ConfigErrors) -> String {
    let mut text = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .render_report(&mut text, errors)
        .expect("a report renders");
    text
}
