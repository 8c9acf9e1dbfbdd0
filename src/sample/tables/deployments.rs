//! Environments, deployments, feature flags and releases.

use super::super::Generator::{Later, Null, Numbered, OneOf, Ordinal, Pick, Scatter, Spread, Text};
use super::super::Skew::{Even, Mild, Strong};
use super::super::Table;
use super::columns::{
    bigint, boolean, created, createdtz, integer, key, numbers, percent, smallint, sometimes, text, texts, timetz,
    updated, updatedtz,
};

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "environments",
        3_000,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            text(
                "name",
                OneOf(
                    "kind",
                    &[
                        (40, Numbered("review/branch")),
                        (30, Text("staging")),
                        (30, Text("production")),
                    ],
                ),
            ),
            text("environment_type", OneOf("kind", &[(40, Text("review")), (60, Null)])),
            text("state", texts!(70 => "available", 30 => "stopped")),
            smallint("tier", numbers!(30 => 0, 30 => 1, 35 => 3, 5 => 4)),
            created(),
            updated(),
        ],
        &["project_id"],
    ),
    Table::new(
        "deployments",
        15_000,
        &[
            key(),
            integer("iid", Ordinal(1)),
            bigint("project_id", Pick("projects", Strong)),
            bigint("environment_id", Pick("environments", Strong)),
            bigint("user_id", sometimes!(97, Pick("users", Strong))),
            text("ref", texts!(75 => "main", 25 => "feature")),
            // 0 created, 1 running, 2 success, 3 failed, 4 canceled, 5 skipped, 6 blocked.
            smallint(
                "status",
                numbers!(4 => 0, 2 => 1, 78 => 2, 11 => 3, 3 => 4, 1 => 5, 1 => 6),
            ),
            timetz("finished_at", sometimes!(92, Later(1))),
            created(),
            updated(),
        ],
        &["project_id", "environment_id", "user_id", "created_at", "status"],
    ),
    Table::new(
        "operations_feature_flags",
        900,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            text("name", Numbered("flag")),
            boolean("active", percent!(60)),
            integer("iid", Ordinal(1)),
            createdtz(),
            updatedtz(),
        ],
        &["project_id"],
    ),
    Table::new(
        "releases",
        2_000,
        &[
            key(),
            text("tag", Numbered("v1")),
            text("name", Numbered("Release")),
            bigint("project_id", sometimes!(99, Pick("projects", Strong))),
            bigint("author_id", sometimes!(97, Pick("users", Strong))),
            timetz("released_at", Later(2)),
            created(),
            updated(),
        ],
        &["project_id", "author_id", "released_at"],
    ),
    Table::new(
        "milestone_releases",
        1_200,
        &[
            bigint("milestone_id", Scatter("milestones")),
            bigint("release_id", Spread("releases")),
        ],
        &["release_id"],
    )
    .keyed(&["milestone_id", "release_id"]),
    Table::new(
        "release_links",
        1_500,
        &[
            key(),
            bigint("release_id", Pick("releases", Mild)),
            text("url", Numbered("https://files.example.com/asset")),
            text("name", Numbered("asset")),
            smallint("link_type", sometimes!(95, numbers!(60 => 0, 20 => 1, 20 => 3))),
            createdtz(),
            updatedtz(),
        ],
        &["release_id"],
    ),
    Table::new(
        "workspaces",
        250,
        &[
            key(),
            bigint("user_id", Pick("users", Strong)),
            bigint("project_id", Pick("projects", Strong)),
            bigint("cluster_agent_id", Pick("cluster_agents", Even)),
            text("name", Numbered("workspace")),
            text(
                "desired_state",
                texts!(30 => "Running", 50 => "Stopped", 20 => "Terminated"),
            ),
            createdtz(),
            updatedtz(),
        ],
        &["user_id", "project_id"],
    ),
];
