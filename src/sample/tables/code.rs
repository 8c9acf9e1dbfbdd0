//! Merge requests, snippets, protected branches, mirrors and large files.

use super::super::Generator::{Between, Each, Integer, Later, Null, Numbered, OneOf, Ordinal, Pick, Text};
use super::super::Skew::{Even, Mild, Strong};
use super::super::Table;
use super::columns::{
    bigint, boolean, created, createdtz, integer, key, numbers, percent, smallint, sometimes, text, texts, time,
    updated,
};

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "merge_requests",
        25_000,
        &[
            key(),
            bigint("target_project_id", Pick("projects", Strong)),
            bigint("source_project_id", sometimes!(97, Pick("projects", Strong))),
            bigint("author_id", sometimes!(99, Pick("users", Strong))),
            text("title", Numbered("merge request")),
            text("source_branch", Numbered("branch")),
            text("target_branch", texts!(85 => "main", 10 => "master", 5 => "stable")),
            integer("iid", Ordinal(1)),
            smallint("state_id", numbers!(10 => 1, 12 => 2, 77 => 3, 1 => 4)),
            boolean("draft", percent!(7)),
            boolean("squash", percent!(40)),
            created(),
            updated(),
        ],
        &["author_id", "target_project_id", "created_at", "state_id"],
    ),
    Table::new(
        "merge_request_reviewers",
        14_000,
        &[
            key(),
            bigint("user_id", Pick("users", Strong)),
            bigint("merge_request_id", Pick("merge_requests", Even)),
            smallint("state", numbers!(40 => 0, 60 => 1)),
            createdtz(),
        ],
        &["user_id", "merge_request_id"],
    ),
    Table::new(
        "approvals",
        9_000,
        &[
            key(),
            bigint("merge_request_id", Pick("merge_requests", Even)),
            bigint("user_id", Pick("users", Strong)),
            created(),
            updated(),
        ],
        &["user_id", "merge_request_id", "created_at"],
    ),
    Table::new(
        "suggestions",
        4_000,
        &[
            key(),
            bigint("note_id", Pick("notes", Even)),
            smallint("relative_order", Between(0, 3, Strong)),
            boolean("applied", percent!(45)),
            boolean("outdated", percent!(20)),
            integer("lines_above", Between(0, 5, Strong)),
            integer("lines_below", Between(0, 5, Strong)),
        ],
        &["note_id"],
    ),
    Table::new(
        "snippets",
        2_500,
        &[
            key(),
            text("title", Numbered("snippet")),
            bigint("author_id", Pick("users", Strong)),
            bigint(
                "project_id",
                OneOf("kind", &[(65, Null), (35, Pick("projects", Strong))]),
            ),
            text(
                "type",
                OneOf("kind", &[(65, Text("PersonalSnippet")), (35, Text("ProjectSnippet"))]),
            ),
            integer("visibility_level", numbers!(60 => 0, 25 => 10, 15 => 20)),
            created(),
            updated(),
        ],
        &["author_id", "project_id", "created_at"],
    ),
    Table::new(
        "snippet_repositories",
        2_200,
        &[
            bigint("snippet_id", Each("snippets")),
            bigint("shard_id", Integer(1)),
            text("disk_path", Numbered("@snippets")),
        ],
        &[],
    )
    .keyed(&["snippet_id"]),
    Table::new(
        "protected_branches",
        5_000,
        &[
            key(),
            bigint("project_id", sometimes!(98, Pick("projects", Mild))),
            text(
                "name",
                texts!(60 => "main", 20 => "master", 8 => "develop", 7 => "release/*", 5 => "stable"),
            ),
            boolean("code_owner_approval_required", percent!(10)),
            boolean("allow_force_push", percent!(5)),
            created(),
            updated(),
        ],
        &["project_id"],
    ),
    Table::new(
        "protected_tags",
        500,
        &[
            key(),
            bigint("project_id", Pick("projects", Mild)),
            text("name", texts!(80 => "v*", 20 => "release-*")),
            created(),
            updated(),
        ],
        &["project_id"],
    ),
    Table::new(
        "remote_mirrors",
        600,
        &[
            key(),
            bigint("project_id", sometimes!(99, Pick("projects", Mild))),
            boolean("enabled", percent!(85)),
            text("update_status", texts!(85 => "finished", 15 => "failed")),
            time("last_update_at", sometimes!(90, Later(300))),
            created(),
            updated(),
        ],
        &["project_id"],
    ),
    Table::new(
        "lfs_objects",
        5_000,
        &[
            key(),
            text("oid", Numbered("oid")),
            bigint("size", Between(1_000, 800_000_000, Strong)),
            integer("file_store", numbers!(40 => 1, 60 => 2)),
            created(),
            updated(),
        ],
        &["oid"],
    ),
    Table::new(
        "lfs_objects_projects",
        5_500,
        &[
            key(),
            bigint("lfs_object_id", Each("lfs_objects")),
            bigint("project_id", Pick("projects", Strong)),
            created(),
            updated(),
        ],
        &["lfs_object_id", "project_id"],
    ),
];
