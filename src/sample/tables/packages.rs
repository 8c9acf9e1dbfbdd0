//! Packages, container images and the rules that protect or clean them.

use super::super::Generator::{Ago, Between, Each, Null, Numbered, OneOf, Pick, Text};
use super::super::Skew::{Mild, Strong};
use super::super::Table;
use super::columns::{
    bigint, boolean, created, createdtz, integer, key, numbers, percent, smallint, sometimes, text, texts, timetz,
    updated, updatedtz,
};

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "packages_packages",
        5_000,
        &[
            key(),
            bigint("project_id", Pick("projects", Strong)),
            bigint("creator_id", sometimes!(90, Pick("users", Strong))),
            text("name", Numbered("package")),
            text("version", texts!(60 => "1.0.0", 30 => "1.1.0", 10 => "2.0.0")),
            // 1 Maven, 2 npm, 3 Conan, 4 NuGet, 5 PyPI, 6 Composer, 7 generic, 8 Go, 9 Debian, 10 gems, 11 Helm, 12 Terraform.
            smallint(
                "package_type",
                numbers!(22 => 1, 28 => 2, 3 => 3, 8 => 4, 10 => 5, 4 => 6, 16 => 7, 2 => 8, 1 => 9, 2 => 10, 3 => 11, 1 => 12),
            ),
            smallint("status", numbers!(96 => 0, 2 => 1, 2 => 3)),
            timetz("last_downloaded_at", sometimes!(70, Ago(24 * 300))),
            createdtz(),
            updatedtz(),
        ],
        &["project_id", "creator_id", "created_at", "package_type"],
    ),
    Table::new(
        "packages_package_files",
        9_000,
        &[
            key(),
            bigint("package_id", Pick("packages_packages", Mild)),
            bigint("size", sometimes!(99, Between(300, 90_000_000, Strong))),
            text("file_name", Numbered("file")),
            createdtz(),
            updatedtz(),
        ],
        &["package_id"],
    ),
    Table::new(
        "packages_protection_rules",
        120,
        &[
            key(),
            bigint("project_id", Pick("projects", Mild)),
            smallint("package_type", numbers!(40 => 1, 60 => 2)),
            text("package_name_pattern", Numbered("@scope/package")),
            createdtz(),
            updatedtz(),
        ],
        &["project_id"],
    ),
    Table::new(
        "container_registry_protection_tag_rules",
        90,
        &[
            key(),
            bigint("project_id", Pick("projects", Mild)),
            text("tag_name_pattern", texts!(60 => "latest", 40 => "v.+")),
            createdtz(),
            updatedtz(),
        ],
        &["project_id"],
    ),
    Table::new(
        "container_repositories",
        1_400,
        &[
            key(),
            bigint("project_id", Pick("projects", Mild)),
            text("name", Numbered("image")),
            created(),
            updated(),
        ],
        &["project_id"],
    ),
    Table::new(
        "container_expiration_policies",
        3_500,
        &[
            bigint("project_id", Each("projects")),
            boolean("enabled", percent!(40)),
            text(
                "cadence",
                texts!(55 => "1d", 20 => "7d", 8 => "14d", 12 => "1month", 5 => "3month"),
            ),
            text(
                "older_than",
                OneOf(
                    "",
                    &[
                        (12, Text("7d")),
                        (15, Text("14d")),
                        (20, Text("30d")),
                        (5, Text("60d")),
                        (38, Text("90d")),
                        (10, Null),
                    ],
                ),
            ),
            integer(
                "keep_n",
                sometimes!(92, numbers!(8 => 1, 15 => 5, 50 => 10, 12 => 25, 9 => 50, 6 => 100)),
            ),
            createdtz(),
            updatedtz(),
        ],
        &["enabled"],
    )
    .keyed(&["project_id"]),
];
