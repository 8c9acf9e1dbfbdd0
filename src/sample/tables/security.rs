//! Scans, vulnerabilities and machine-learning experiments.

use super::super::Generator::{Between, Numbered, Ordinal, Pick};
use super::super::Skew::{Even, Mild, Strong};
use super::super::Table;
use super::columns::{bigint, boolean, createdtz, key, numbers, percent, smallint, sometimes, text, updatedtz};

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "security_scans",
        5_000,
        &[
            key(),
            bigint("build_id", Pick("p_ci_builds", Even)),
            bigint("pipeline_id", sometimes!(99, Pick("p_ci_pipelines", Even))),
            bigint("project_id", Pick("projects", Strong)),
            // 1 static, 2 dependencies, 3 containers, 4 dynamic, 5 secrets, 6 and 7 fuzzing.
            smallint(
                "scan_type",
                numbers!(38 => 1, 18 => 2, 14 => 3, 7 => 4, 20 => 5, 2 => 6, 1 => 7),
            ),
            smallint("status", numbers!(92 => 1, 8 => 2)),
            boolean("latest", percent!(95)),
            createdtz(),
            updatedtz(),
        ],
        &["build_id", "pipeline_id", "project_id", "scan_type"],
    ),
    Table::new(
        "vulnerabilities",
        7_000,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            bigint("author_id", Pick("users", Strong)),
            text("title", Numbered("vulnerability")),
            smallint("state", numbers!(60 => 1, 15 => 2, 15 => 3, 10 => 4)),
            smallint("severity", numbers!(3 => 1, 5 => 2, 25 => 4, 35 => 5, 22 => 6, 10 => 7)),
            smallint("report_type", Between(0, 6, Mild)),
            createdtz(),
            updatedtz(),
        ],
        &["project_id", "author_id", "severity"],
    ),
    Table::new(
        "ml_experiments",
        150,
        &[
            key(),
            bigint("iid", Ordinal(1)),
            bigint("project_id", Pick("projects", Strong)),
            bigint("user_id", sometimes!(95, Pick("users", Strong))),
            text("name", Numbered("experiment")),
            createdtz(),
            updatedtz(),
        ],
        &["project_id", "user_id"],
    ),
    Table::new(
        "ml_candidates",
        900,
        &[
            key(),
            bigint("experiment_id", Pick("ml_experiments", Mild)),
            bigint("project_id", Pick("projects", Strong)),
            bigint("user_id", sometimes!(95, Pick("users", Strong))),
            smallint("status", numbers!(10 => 0, 80 => 2, 10 => 3)),
            createdtz(),
            updatedtz(),
        ],
        &["experiment_id", "project_id", "user_id"],
    ),
];
