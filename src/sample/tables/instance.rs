//! What there is once: settings, kinds, licence history, applications, topics.

use super::super::Generator::{Boolean, Created, Integer, Listed, Null, Numbered, Ordinal};
use super::super::Table;
use super::columns::{
    boolean, created, createdtz, date, integer, key, numbers, percent, smallint, text, texts, updated, updatedtz,
};

/// Rows by `id - 1 = base_type`: 0 issue, 1 incident and so on.
const KINDS: &[&str] = &[
    "Issue",
    "Incident",
    "Test Case",
    "Requirement",
    "Task",
    "Objective",
    "Key Result",
    "Epic",
    "Ticket",
];

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "application_settings",
        1,
        &[
            key(),
            integer("default_projects_limit", Integer(100_000)),
            boolean("signup_enabled", Boolean(true)),
            boolean("gravatar_enabled", Boolean(true)),
            integer("two_factor_grace_period", Integer(48)),
            boolean("deactivate_dormant_users", Boolean(true)),
            integer("deactivate_dormant_users_period", Integer(90)),
            text("container_registry_vendor", texts!(100 => "gitlab")),
            text("container_registry_version", texts!(100 => "3.90.0-gitlab")),
            boolean("container_registry_db_enabled", Boolean(false)),
            date("license_trial_ends_on", Null),
            created(),
            updated(),
        ],
        &[],
    )
    .fixed(),
    Table::new(
        "work_item_types",
        9,
        &[
            key(),
            smallint("base_type", Ordinal(0)),
            text("name", Listed(KINDS)),
            createdtz(),
            updatedtz(),
        ],
        &["base_type"],
    )
    .fixed(),
    Table::new(
        "historical_data",
        1_000,
        &[
            key(),
            date("date", Created),
            integer("active_user_count", Ordinal(5_900)),
            created(),
            updated(),
        ],
        &[],
    )
    .fixed(),
    Table::new(
        "oauth_applications",
        60,
        &[
            key(),
            text("name", Numbered("application")),
            text("uid", Numbered("uid")),
            text("owner_type", Null),
            boolean("trusted", percent!(20)),
            boolean("confidential", percent!(90)),
            created(),
            updated(),
        ],
        &[],
    ),
    Table::new(
        "topics",
        300,
        &[
            key(),
            text("name", Numbered("topic")),
            text("title", Numbered("Topic")),
            createdtz(),
            updatedtz(),
        ],
        &[],
    ),
    Table::new(
        "broadcast_messages",
        30,
        &[
            key(),
            text("message", Numbered("maintenance")),
            smallint("broadcast_type", numbers!(70 => 1, 30 => 2)),
            created(),
            updated(),
        ],
        &[],
    ),
];
