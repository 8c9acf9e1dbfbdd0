//! What the product's own database is asked before anything leaves: the keys of `[reporting]` that hold a query.

use schemars::JsonSchema;

use super::section::Section;

/// What the product itself says of reporting. Nothing is asked by default.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct ProductQueries {
    /// The database, by its name under `[database.NAME]`, that the queries below are asked of, in its own SQL. One that
    /// cannot be answered lets nothing leave.
    #[schemars(example = &"main")]
    pub database: String,
    /// A SELECT of the product's own switch, such as `SELECT usage_ping_enabled FROM application_settings`. Reporting is on
    /// while both `enabled` and the first value of its first row are: true, or a number other than 0. Left empty, `enabled`
    /// alone decides.
    #[schemars(with = "Option<String>", example = "")]
    pub setting: Option<String>,
    /// A SELECT of people, not bots, a row each: whether it is an administrator, and since when it is there, such as
    /// `SELECT admin, created_at FROM users WHERE user_type = 0`. While there is one only, an administrator of more than 7
    /// days, nothing leaves before `service-ping consent accept`. Left empty, nobody is waited for.
    #[schemars(with = "Option<String>", example = "")]
    pub single_user: Option<String>,
    /// A SELECT of whether a licence is in force, such as `SELECT count(*) FROM licenses WHERE expires_at > now()`: then a
    /// single user is not waited for. Left empty, there is none.
    #[schemars(with = "Option<String>", example = "")]
    pub licensed: Option<String>,
    /// A SELECT of whether the licence agrees to operational metrics: then all metrics but optional ones leave even while
    /// `enabled` or `setting` say no. Left empty, it does not.
    #[schemars(with = "Option<String>", example = "")]
    pub operational_metrics: Option<String>,
}

impl ProductQueries {
    /// Reads the keys out of their section.
    pub(super) fn read(section: &mut Section<'_>) -> ProductQueries {
        let mut query = |key| section.parsed(key, "one SELECT", select);
        let (setting, single_user) = (query("setting"), query("single_user"));
        let (licensed, operational_metrics) = (query("licensed"), query("operational_metrics"));
        ProductQueries {
            database: section
                .string("database")
                .unwrap_or_else(|| ProductQueries::default().database),
            setting,
            single_user,
            licensed,
            operational_metrics,
        }
    }
}

impl Default for ProductQueries {
    fn default() -> ProductQueries {
        ProductQueries {
            database: "main".to_owned(),
            setting: None,
            single_user: None,
            licensed: None,
            operational_metrics: None,
        }
    }
}

/// The query without what ends it; `None` for what does not begin as a query does.
pub(super) fn select(text: &str) -> Option<String> {
    let query = text.trim().trim_end_matches(';').trim_end();
    let first: String = query.chars().take_while(char::is_ascii_alphabetic).collect();
    ["select", "with"]
        .contains(&first.to_ascii_lowercase().as_str())
        .then(|| query.to_owned())
}
