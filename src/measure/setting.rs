//! What a metric asks of the instance's settings.

/// A setting by its name, and where it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SettingMeasure {
    pub name: String,
    pub origin: SettingOrigin,
}

/// Where a setting is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettingOrigin {
    /// `[settings]` of the configuration; where it has no such key, the table of settings.
    Anywhere,
    /// `[settings]` of the configuration.
    Configuration,
    /// A column of the table of settings.
    Table,
    /// A variable of the environment that the operator lets be read.
    Environment,
}

impl SettingMeasure {
    /// The setting, wherever it stands.
    pub fn anywhere(name: &str) -> SettingMeasure {
        SettingMeasure {
            name: name.to_owned(),
            origin: SettingOrigin::Anywhere,
        }
    }

    /// Where it is looked for, for a person.
    pub fn in_words(&self) -> String {
        let name = &self.name;
        match self.origin {
            SettingOrigin::Anywhere => format!("{name} of [settings], or of the table of settings"),
            SettingOrigin::Configuration => format!("{name} of [settings]"),
            SettingOrigin::Table => format!("{name} of the table of settings"),
            SettingOrigin::Environment => format!("the variable {name} of the environment"),
        }
    }
}
