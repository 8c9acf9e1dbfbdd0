//! Pipelines, jobs, artifacts, runners, schedules and variables.

use super::super::Generator::{Ago, Between, Created, Integer, Later, Null, Numbered, OneOf, Pick};
use super::super::Skew::{Even, Mild, Strong};
use super::super::Table;
use super::columns::{
    bigint, boolean, created, createdtz, integer, key, numbers, percent, smallint, sometimes, text, texts, time,
    timetz, updated, updatedtz,
};

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "ci_runners",
        600,
        &[
            key(),
            // 1 instance, 2 group, 3 project.
            smallint("runner_type", numbers!(8 => 1, 27 => 2, 65 => 3)),
            boolean("active", percent!(85)),
            boolean("locked", percent!(30)),
            bigint("creator_id", sometimes!(60, Pick("users", Strong))),
            timetz("contacted_at", sometimes!(92, Ago(24 * 120))),
            createdtz(),
            updatedtz(),
        ],
        &["runner_type", "contacted_at", "creator_id"],
    )
    .keyed(&["id", "runner_type"]),
    Table::new(
        "p_ci_pipelines",
        25_000,
        &[
            key(),
            bigint("partition_id", Integer(100)),
            bigint("project_id", Pick("projects", Strong)),
            bigint("user_id", sometimes!(97, Pick("users", Strong))),
            text("ref", texts!(55 => "main", 45 => "feature")),
            text(
                "status",
                texts!(72 => "success", 20 => "failed", 5 => "canceled", 2 => "running", 1 => "pending"),
            ),
            // 1 push, 2 web, 3 trigger, 4 schedule, 5 api, 6 external, 10 merge request, 12 parent pipeline.
            integer(
                "source",
                OneOf(
                    "",
                    &[
                        (45, Integer(1)),
                        (6, Integer(2)),
                        (4, Integer(3)),
                        (12, Integer(4)),
                        (3, Integer(5)),
                        (3, Integer(6)),
                        (22, Integer(10)),
                        (3, Integer(12)),
                        (2, Null),
                    ],
                ),
            ),
            // 1 repository, 2 Auto DevOps, 5 external project.
            integer("config_source", sometimes!(98, numbers!(92 => 1, 5 => 2, 3 => 5))),
            integer("duration", sometimes!(90, Between(5, 7_200, Strong))),
            time("started_at", sometimes!(95, Created)),
            time("finished_at", sometimes!(90, Later(1))),
            created(),
            updated(),
        ],
        &["id", "project_id", "user_id", "created_at", "source"],
    )
    .keyed(&["id", "partition_id"]),
    Table::new(
        "p_ci_builds",
        60_000,
        &[
            key(),
            bigint("partition_id", Integer(100)),
            bigint("commit_id", sometimes!(99, Pick("p_ci_pipelines", Even))),
            bigint("project_id", Pick("projects", Strong)),
            bigint("user_id", sometimes!(97, Pick("users", Strong))),
            bigint("runner_id", sometimes!(90, Pick("ci_runners", Strong))),
            text(
                "type",
                texts!(95 => "Ci::Build", 3 => "Ci::Bridge", 2 => "GenericCommitStatus"),
            ),
            text(
                "name",
                texts!(30 => "build", 35 => "test", 12 => "lint", 8 => "deploy", 4 => "sast", 3 => "secret_detection",
                    3 => "dependency_scanning", 3 => "container_scanning", 2 => "dast"),
            ),
            text(
                "status",
                texts!(75 => "success", 14 => "failed", 6 => "canceled", 3 => "skipped", 2 => "running"),
            ),
            boolean("allow_failure", percent!(8)),
            time("finished_at", sometimes!(95, Later(1))),
            created(),
            updated(),
        ],
        &["id", "commit_id", "project_id", "user_id", "created_at", "name"],
    )
    .keyed(&["id", "partition_id"]),
    Table::new(
        "p_ci_job_artifacts",
        15_000,
        &[
            key(),
            bigint("partition_id", Integer(100)),
            bigint("project_id", Pick("projects", Strong)),
            bigint("job_id", Pick("p_ci_builds", Even)),
            // 1 archive, 2 metadata, 3 trace, 4 junit, 5 sast, 18 terraform.
            integer(
                "file_type",
                numbers!(30 => 1, 25 => 2, 25 => 3, 12 => 4, 4 => 5, 4 => 18),
            ),
            bigint("size", sometimes!(99, Between(100, 60_000_000, Strong))),
            createdtz(),
            updatedtz(),
        ],
        &["id", "project_id", "job_id"],
    )
    .keyed(&["id", "partition_id"]),
    Table::new(
        "ci_pipeline_schedules",
        600,
        &[
            key(),
            text("description", Numbered("schedule")),
            bigint("project_id", sometimes!(99, Pick("projects", Mild))),
            bigint("owner_id", sometimes!(97, Pick("users", Strong))),
            boolean("active", percent!(75)),
            created(),
            updated(),
        ],
        &["owner_id", "project_id"],
    ),
    Table::new(
        "ci_triggers",
        400,
        &[
            key(),
            text("description", Numbered("trigger")),
            bigint("project_id", sometimes!(99, Pick("projects", Mild))),
            bigint("owner_id", Pick("users", Strong)),
            created(),
            updated(),
        ],
        &["owner_id", "project_id"],
    ),
    Table::new(
        "ci_variables",
        3_000,
        &[
            key(),
            text("key", Numbered("VARIABLE")),
            bigint("project_id", Pick("projects", Mild)),
            boolean("protected", percent!(40)),
            boolean("masked", percent!(50)),
            smallint("variable_type", numbers!(90 => 1, 10 => 2)),
        ],
        &["project_id"],
    ),
    Table::new(
        "ci_secure_files",
        150,
        &[
            key(),
            bigint("project_id", Pick("projects", Mild)),
            text("name", Numbered("file")),
            smallint("file_store", numbers!(30 => 1, 70 => 2)),
            createdtz(),
            updatedtz(),
        ],
        &["project_id"],
    ),
];
