//! Namespaces, projects, who belongs to them, and what is switched on for them.

use super::super::Generator::{Between, Boolean, Each, Later, Null, Numbered, OneOf, Pick, Scatter, Spread, Text};
use super::super::Skew::{Mild, Strong};
use super::super::{Generator, Table};
use super::columns::{
    bigint, boolean, created, createdtz, integer, key, numbers, percent, sometimes, text, texts, time, updated,
    updatedtz,
};

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "namespaces",
        9_000,
        &[
            key(),
            text("name", Numbered("namespace")),
            text("path", Numbered("namespace")),
            // NULL: namespaces of users from before the kind was written.
            text(
                "type",
                OneOf(
                    "",
                    &[
                        (70, Text("User")),
                        (8, Null),
                        (12, Text("Group")),
                        (10, Text("Project")),
                    ],
                ),
            ),
            bigint("owner_id", sometimes!(80, Pick("users", Mild))),
            bigint("parent_id", sometimes!(10, Pick("namespaces", Strong))),
            integer("visibility_level", numbers!(70 => 0, 15 => 10, 15 => 20)),
            boolean("require_two_factor_authentication", percent!(3)),
            created(),
            updated(),
        ],
        &["type", "owner_id", "parent_id", "created_at"],
    ),
    Table::new(
        "projects",
        4_000,
        &[
            key(),
            text("name", Numbered("project")),
            text("path", Numbered("project")),
            bigint("creator_id", sometimes!(97, Pick("users", Strong))),
            bigint("namespace_id", Pick("namespaces", Strong)),
            integer("visibility_level", numbers!(60 => 0, 25 => 10, 15 => 20)),
            boolean("archived", percent!(8)),
            boolean("mirror", OneOf("mirror", MIRROR)),
            boolean("mirror_trigger_builds", OneOf("mirror", MIRROR_BUILDS)),
            boolean("service_desk_enabled", sometimes!(90, percent!(12))),
            boolean(
                "disable_overriding_approvers_per_merge_request",
                sometimes!(60, percent!(10)),
            ),
            text(
                "import_type",
                OneOf(
                    "",
                    &[
                        (780, Null),
                        (60, Text("github")),
                        (30, Text("git")),
                        (35, Text("gitlab_project")),
                        (20, Text("bitbucket")),
                        (20, Text("bitbucket_server")),
                        (20, Text("gitea")),
                        (15, Text("manifest")),
                        (10, Text("fogbugz")),
                        (10, Text("gitlab")),
                    ],
                ),
            ),
            integer("star_count", Between(0, 300, Strong)),
            time("last_activity_at", Later(900)),
            created(),
            updated(),
        ],
        &["creator_id", "namespace_id", "created_at", "import_type"],
    ),
    Table::new(
        "members",
        18_000,
        &[
            key(),
            bigint("user_id", sometimes!(97, Pick("users", Mild))),
            bigint("source_id", Pick("projects", Strong)),
            text(
                "source_type",
                OneOf("kind", &[(55, Text("Project")), (45, Text("Namespace"))]),
            ),
            text(
                "type",
                OneOf("kind", &[(55, Text("ProjectMember")), (45, Text("GroupMember"))]),
            ),
            integer(
                "access_level",
                numbers!(10 => 10, 15 => 20, 50 => 30, 20 => 40, 5 => 50),
            ),
            created(),
            updated(),
        ],
        &["user_id", "source_id", "created_at"],
    ),
    Table::new(
        "project_authorizations",
        20_000,
        &[
            bigint("user_id", Spread("users")),
            bigint("project_id", Scatter("projects")),
            integer(
                "access_level",
                numbers!(10 => 10, 15 => 20, 50 => 30, 20 => 40, 5 => 50),
            ),
        ],
        &["project_id"],
    )
    .keyed(&["user_id", "project_id", "access_level"]),
    Table::new(
        "users_star_projects",
        6_000,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            bigint("user_id", Pick("users", Mild)),
            created(),
            updated(),
        ],
        &["project_id"],
    ),
    Table::new(
        "users_ops_dashboard_projects",
        250,
        &[
            key(),
            bigint("user_id", Pick("users", Strong)),
            bigint("project_id", Pick("projects", Strong)),
            createdtz(),
            updatedtz(),
        ],
        &["user_id", "project_id"],
    ),
    Table::new(
        "fork_network_members",
        700,
        &[
            key(),
            bigint("fork_network_id", Pick("projects", Strong)),
            bigint("project_id", Each("projects")),
            bigint("forked_from_project_id", sometimes!(80, Pick("projects", Strong))),
        ],
        &["project_id", "forked_from_project_id"],
    ),
    Table::new(
        "project_auto_devops",
        1_500,
        &[
            key(),
            bigint("project_id", Each("projects")),
            boolean("enabled", sometimes!(90, percent!(35))),
            integer("deploy_strategy", numbers!(90 => 0, 10 => 1)),
            createdtz(),
            updatedtz(),
        ],
        &["project_id"],
    ),
    Table::new(
        "project_error_tracking_settings",
        600,
        &[
            bigint("project_id", Each("projects")),
            boolean("enabled", percent!(70)),
            boolean("integrated", percent!(40)),
        ],
        &[],
    )
    .keyed(&["project_id"]),
    Table::new(
        "service_desk_settings",
        400,
        &[
            bigint("project_id", Each("projects")),
            text("outgoing_name", Numbered("support")),
            boolean("custom_email_enabled", percent!(15)),
            boolean("service_desk_enabled", percent!(90)),
        ],
        &[],
    )
    .keyed(&["project_id"]),
    Table::new(
        "grafana_integrations",
        160,
        &[
            key(),
            bigint("project_id", Each("projects")),
            boolean("enabled", percent!(75)),
            createdtz(),
            updatedtz(),
        ],
        &["enabled"],
    ),
    Table::new(
        "web_hooks",
        2_500,
        &[
            key(),
            bigint("project_id", sometimes!(90, Pick("projects", Strong))),
            text(
                "type",
                texts!(80 => "ProjectHook", 8 => "GroupHook", 10 => "ServiceHook", 2 => "SystemHook"),
            ),
            boolean("push_events", percent!(80)),
            created(),
            updated(),
        ],
        &["project_id", "type"],
    ),
    Table::new(
        "uploads",
        7_000,
        &[
            key(),
            bigint("size", Between(200, 9_000_000, Strong)),
            text("path", Numbered("uploads/file")),
            text(
                "uploader",
                texts!(80 => "FileUploader", 15 => "AvatarUploader", 5 => "NamespaceFileUploader"),
            ),
            bigint("project_id", sometimes!(80, Pick("projects", Strong))),
            bigint("uploaded_by_user_id", sometimes!(60, Pick("users", Mild))),
            created(),
        ],
        &["uploaded_by_user_id"],
    ),
    Table::new(
        "wiki_page_meta",
        1_800,
        &[
            key(),
            bigint("project_id", sometimes!(95, Pick("projects", Strong))),
            text("title", Numbered("page")),
            createdtz(),
            updatedtz(),
        ],
        &["project_id"],
    ),
    Table::new(
        "pages_domains",
        250,
        &[
            key(),
            bigint("project_id", sometimes!(96, Pick("projects", Mild))),
            text("domain", Numbered("pages")),
            boolean("auto_ssl_enabled", percent!(60)),
        ],
        &["project_id"],
    ),
];

/// One throw decides whether a project mirrors another and whether it builds what comes in.
const MIRROR: &[(u32, Generator)] = &[(6, Boolean(true)), (94, Boolean(false))];
const MIRROR_BUILDS: &[(u32, Generator)] = &[(3, Boolean(true)), (97, Boolean(false))];
