//! `[setting_sources]`: where settings are looked for that `[settings]` does not have.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::section::Section;

/// The table and the variables that hold settings beside `[settings]`.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct SettingSources {
    /// The database whose table is read, by its name.
    #[schemars(example = &"main")]
    pub database: String,
    /// A table with a column for each setting, of which the row with the greatest `id` counts: the settings that `[settings]`
    /// does not have are read from it, all by one statement. `none` for no table.
    #[schemars(with = "String", example = &"application_settings")]
    pub table: Option<String>,
    /// Variables of the environment that metrics may read, by their names; they may read no others.
    #[schemars(with = "Vec<String>", example = Vec::<String>::new())]
    pub variables: BTreeMap<String, Option<String>>,
}

impl Default for SettingSources {
    fn default() -> SettingSources {
        SettingSources {
            database: "main".to_owned(),
            table: Some("application_settings".to_owned()),
            variables: BTreeMap::new(),
        }
    }
}

impl SettingSources {
    pub(super) fn read(mut section: Section<'_>) -> SettingSources {
        let defaults = SettingSources::default();
        let database = section.string("database").unwrap_or(defaults.database);
        let table = section.parsed("table", "a table, `schema.table` or `none`", |name| match name {
            "none" => Some(None),
            name => is_table(name).then(|| Some(name.to_owned())),
        });
        let names = section.strings("variables").unwrap_or_default();
        let environment = section.reader.environment;
        let variables = names.into_iter().map(|(_, name)| {
            let value = environment.get(&name).map(str::to_owned);
            (name, value)
        });
        let sources = SettingSources {
            database,
            table: table.unwrap_or(defaults.table),
            variables: variables.collect(),
        };
        section.finish();
        sources
    }
}

/// A name, after a schema and a dot if need be.
fn is_table(text: &str) -> bool {
    let is_name = |part: &str| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        !part.is_empty() && part.chars().all(is_part)
    };
    text.split('.').count() <= 2 && text.split('.').all(is_name)
}
