//! A usage log's part of any file: of our own configuration, or of a Runner's.

use std::cell::RefCell;
use std::path::Path;

use super::settings::UsageLogSettings;
use crate::config::environment::Environment;
use crate::config::load::{containing_folder, parse, read};
use crate::config::problem::ConfigErrors;
use crate::config::reader::Reader;
use crate::config::section::Section;
use crate::config::tree::overlay;

impl UsageLogSettings {
    /// Reads `[experimental.usage_logger]` of a file, and nothing else that stands there; the variables
    /// `SERVICE_PING__EXPERIMENTAL__USAGE_LOGGER__…` win over it. Where the table is not there, nothing is logged.
    ///
    /// # Errors
    /// Every problem of that table, each with its place, or that the file is no TOML.
    pub fn load(file: &Path, environment: &Environment) -> Result<UsageLogSettings, ConfigErrors> {
        let document = read(file.to_owned())?;
        let (mut table, problems) = parse(&document);
        overlay(&mut table, environment);
        let reader = Reader {
            document: Some(&document),
            environment,
            folder: containing_folder(&document.path),
            problems: RefCell::new(problems),
        };
        let mut top = Section::top(&reader, table);
        let settings = UsageLogSettings::read(top.section("experimental").section("usage_logger"));
        match reader.problems.into_inner() {
            problems if problems.is_empty() => Ok(settings),
            problems => Err(ConfigErrors::new(problems)),
        }
    }
}
