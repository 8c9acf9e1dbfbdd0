//! Clusters, Kubernetes agents, Terraform states and alerts.

use super::super::Generator::{Ago, Between, Boolean, Each, Integer, Later, Null, Numbered, OneOf, Ordinal, Pick};
use super::super::Skew::{Even, Mild, Strong};
use super::super::Table;
use super::columns::{
    bigint, boolean, created, createdtz, integer, key, numbers, percent, smallint, sometimes, text, texts, timetz,
    updated, updatedtz,
};

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "clusters",
        500,
        &[
            key(),
            bigint("user_id", sometimes!(97, Pick("users", Strong))),
            // 0 brought along by a user, 1 Google, 2 Amazon.
            integer("provider_type", numbers!(55 => 0, 25 => 1, 20 => 2)),
            integer("platform_type", Integer(0)),
            boolean("enabled", percent!(78)),
            text("name", Numbered("cluster")),
            // 1 instance, 2 group, 3 project.
            smallint("cluster_type", numbers!(15 => 1, 25 => 2, 60 => 3)),
            boolean("managed", Boolean(true)),
            bigint("management_project_id", sometimes!(15, Pick("projects", Mild))),
            created(),
            updated(),
        ],
        &["user_id", "management_project_id"],
    ),
    Table::new(
        "cluster_providers_aws",
        120,
        &[
            key(),
            bigint("cluster_id", Each("clusters")),
            integer("num_nodes", Between(1, 9, Mild)),
            // 0 none, 1 scheduled, 2 creating, 3 created, 4 errored.
            integer("status", numbers!(5 => 1, 5 => 2, 80 => 3, 10 => 4)),
            text("region", texts!(50 => "eu-west-1", 50 => "us-east-1")),
            createdtz(),
            updatedtz(),
        ],
        &["cluster_id"],
    ),
    Table::new(
        "cluster_providers_gcp",
        140,
        &[
            key(),
            bigint("cluster_id", Each("clusters")),
            integer("num_nodes", Between(1, 9, Mild)),
            integer("status", sometimes!(98, numbers!(5 => 1, 5 => 2, 80 => 3, 10 => 4))),
            text("zone", texts!(50 => "europe-west1-b", 50 => "us-central1-a")),
            created(),
            updated(),
        ],
        &["cluster_id"],
    ),
    Table::new(
        "cluster_platforms_kubernetes",
        480,
        &[
            key(),
            bigint("cluster_id", Each("clusters")),
            smallint("authorization_type", numbers!(5 => 0, 90 => 1, 5 => 2)),
            created(),
            updated(),
        ],
        &["cluster_id"],
    ),
    Table::new(
        "cluster_agents",
        220,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            text("name", Numbered("agent")),
            bigint("created_by_user_id", sometimes!(97, Pick("users", Strong))),
            createdtz(),
            updatedtz(),
        ],
        &["created_by_user_id", "project_id"],
    ),
    Table::new(
        "cluster_agent_tokens",
        350,
        &[
            key(),
            bigint("agent_id", Pick("cluster_agents", Mild)),
            bigint("created_by_user_id", sometimes!(97, Pick("users", Strong))),
            text("name", Numbered("token")),
            smallint("status", numbers!(80 => 0, 20 => 1)),
            timetz("last_used_at", sometimes!(85, Ago(24 * 60))),
            createdtz(),
            updatedtz(),
        ],
        &["agent_id", "created_by_user_id"],
    ),
    Table::new(
        "terraform_states",
        450,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            text("name", Numbered("state")),
            bigint("locked_by_user_id", sometimes!(3, Pick("users", Strong))),
            timetz("deleted_at", Null),
            createdtz(),
            updatedtz(),
        ],
        &["project_id", "locked_by_user_id"],
    ),
    Table::new(
        "terraform_state_versions",
        1_800,
        &[
            key(),
            bigint("terraform_state_id", Pick("terraform_states", Mild)),
            bigint("created_by_user_id", sometimes!(95, Pick("users", Strong))),
            integer("version", Ordinal(1)),
            createdtz(),
            updatedtz(),
        ],
        &["terraform_state_id", "created_by_user_id"],
    ),
    Table::new(
        "alert_management_alerts",
        2_000,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            bigint("issue_id", sometimes!(22, Pick("issues", Even))),
            text("title", Numbered("alert")),
            text("monitoring_tool", texts!(60 => "Prometheus", 40 => "Generic")),
            integer("events", Between(1, 60, Strong)),
            smallint("severity", Between(0, 5, Mild)),
            smallint("status", numbers!(20 => 0, 20 => 1, 45 => 2, 15 => 3)),
            timetz("ended_at", OneOf("", &[(60, Later(2)), (40, Null)])),
            createdtz(),
            updatedtz(),
        ],
        &["project_id", "issue_id", "severity"],
    ),
    Table::new(
        "alert_management_http_integrations",
        180,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            boolean("active", percent!(80)),
            text("name", Numbered("endpoint")),
            createdtz(),
            updatedtz(),
        ],
        &["project_id"],
    ),
];
