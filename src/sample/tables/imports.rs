//! Transfers between instances, group imports and integrations.

use super::super::Generator::{Boolean, Each, Null, Numbered, OneOf, Pick, Text};
use super::super::Skew::{Mild, Strong};
use super::super::{Generator, Table};
use super::columns::{
    bigint, boolean, created, createdtz, key, numbers, percent, smallint, sometimes, text, texts, updated, updatedtz,
};

/// An integration belongs to a project, to a group or to the instance: the columns of all three fall by the same dice.
const LEVEL: &str = "level";
const OF_PROJECT: &[(u32, Generator)] = &[(86, Pick("projects", Mild)), (10, Null), (4, Null)];
const OF_GROUP: &[(u32, Generator)] = &[(86, Null), (10, Pick("namespaces", Strong)), (4, Null)];
const OF_INSTANCE: &[(u32, Generator)] = &[(86, Boolean(false)), (10, Boolean(false)), (4, Boolean(true))];
const INHERITED: &[(u32, Generator)] = &[
    (86, sometimes!(30, Pick("integrations", Strong))),
    (10, sometimes!(35, Pick("integrations", Strong))),
    (4, Null),
];

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "bulk_imports",
        300,
        &[
            key(),
            bigint("user_id", Pick("users", Strong)),
            smallint("source_type", numbers!(100 => 0)),
            // 0 created, 1 started, 2 finished, 3 timed out, -1 failed.
            smallint("status", numbers!(5 => 0, 5 => 1, 75 => 2, 5 => 3, 10 => -1)),
            boolean("source_enterprise", percent!(60)),
            createdtz(),
            updatedtz(),
        ],
        &["user_id"],
    ),
    Table::new(
        "bulk_import_entities",
        2_000,
        &[
            key(),
            bigint("bulk_import_id", Pick("bulk_imports", Mild)),
            // 0 group, 1 project.
            smallint("source_type", numbers!(25 => 0, 75 => 1)),
            text("source_full_path", Numbered("group/project")),
            smallint("status", numbers!(5 => 0, 5 => 1, 80 => 2, 4 => 3, 6 => -1)),
            createdtz(),
            updatedtz(),
        ],
        &["bulk_import_id", "source_type"],
    ),
    Table::new(
        "group_import_states",
        150,
        &[
            bigint("group_id", Each("namespaces")),
            bigint("user_id", sometimes!(96, Pick("users", Strong))),
            smallint("status", numbers!(5 => 0, 5 => 1, 80 => 2, 10 => -1)),
            createdtz(),
            updatedtz(),
        ],
        &["user_id"],
    )
    .keyed(&["group_id"]),
    Table::new(
        "integrations",
        6_000,
        &[
            key(),
            bigint("project_id", OneOf(LEVEL, OF_PROJECT)),
            bigint("group_id", OneOf(LEVEL, OF_GROUP)),
            boolean("instance", OneOf(LEVEL, OF_INSTANCE)),
            bigint("inherit_from_id", OneOf(LEVEL, INHERITED)),
            boolean("active", percent!(80)),
            text(
                "type_new",
                texts!(22 => "Integrations::Jira", 20 => "Integrations::Slack", 14 => "Integrations::Prometheus",
                    10 => "Integrations::Mattermost", 9 => "Integrations::EmailsOnPush", 8 => "Integrations::MicrosoftTeams",
                    7 => "Integrations::Discord", 5 => "Integrations::Asana", 5 => "Integrations::Harbor"),
            ),
            text(
                "category",
                OneOf("", &[(60, Text("chat")), (40, Text("issue_tracker"))]),
            ),
            created(),
            updated(),
        ],
        &["project_id", "group_id", "inherit_from_id", "type_new"],
    ),
];
