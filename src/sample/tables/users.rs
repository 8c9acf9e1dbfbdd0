//! People, bots, and what is theirs.

use super::super::Generator::{
    Ago, Between, Created, DayFromNow, Each, Integer, Later, Null, Numbered, OneOf, Pick, Text,
};
use super::super::Skew::{Even, Mild, Strong};
use super::super::Table;
use super::columns::{
    bigint, boolean, created, createdtz, date, integer, key, numbers, percent, smallint, sometimes, text, texts, time,
    timetz, updated, updatedtz,
};

pub(super) const TABLES: &[Table] = &[
    Table::new(
        "users",
        8_000,
        &[
            key(),
            text("email", Numbered("user")),
            text("username", Numbered("user")),
            text("name", Numbered("User")),
            text(
                "state",
                texts!(880 => "active", 60 => "deactivated", 45 => "blocked", 10 => "blocked_pending_approval", 5 => "banned"),
            ),
            // 0 people, 1 support bot, 2 alert bot, 4 service accounts, 5 ghost, 6 project bots; NULL: people of old.
            smallint(
                "user_type",
                OneOf(
                    "",
                    &[
                        (900, Integer(0)),
                        (40, Null),
                        (8, Integer(1)),
                        (8, Integer(2)),
                        (10, Integer(4)),
                        (1, Integer(5)),
                        (33, Integer(6)),
                    ],
                ),
            ),
            boolean("admin", percent!(1)),
            boolean("external", percent!(6)),
            boolean("otp_required_for_login", percent!(45)),
            integer("sign_in_count", Between(0, 900, Strong)),
            date("last_activity_on", sometimes!(85, Ago(24 * 400))),
            time("current_sign_in_at", sometimes!(85, Ago(24 * 400))),
            created(),
            updated(),
        ],
        &["created_at", "state", "user_type"],
    ),
    Table::new(
        "emails",
        3_000,
        &[
            key(),
            bigint("user_id", Pick("users", Even)),
            text("email", Numbered("second")),
            time("confirmed_at", sometimes!(80, Later(3))),
            created(),
            updated(),
        ],
        &["user_id"],
    ),
    Table::new(
        "identities",
        4_500,
        &[
            key(),
            bigint("user_id", Each("users")),
            text(
                "provider",
                texts!(55 => "ldapmain", 20 => "saml", 15 => "google_oauth2", 10 => "github"),
            ),
            text("extern_uid", Numbered("uid")),
            created(),
            updated(),
        ],
        &["user_id"],
    ),
    Table::new(
        "keys",
        6_500,
        &[
            key(),
            bigint("user_id", sometimes!(98, Pick("users", Mild))),
            text("type", texts!(90 => "Key", 8 => "DeployKey", 2 => "LDAPKey")),
            text("title", Numbered("key")),
            boolean("public", percent!(1)),
            smallint("usage_type", numbers!(80 => 0, 15 => 1, 5 => 2)),
            time("last_used_at", sometimes!(70, Ago(24 * 300))),
            created(),
            updated(),
        ],
        &["user_id"],
    ),
    Table::new(
        "personal_access_tokens",
        5_000,
        &[
            key(),
            bigint("user_id", Pick("users", Mild)),
            text("name", Numbered("token")),
            boolean("revoked", percent!(30)),
            boolean("impersonation", percent!(3)),
            date("expires_at", sometimes!(85, DayFromNow(-300, 360))),
            timetz("last_used_at", sometimes!(60, Ago(24 * 200))),
            created(),
            updated(),
        ],
        &["user_id", "expires_at"],
    ),
    Table::new(
        "user_preferences",
        8_000,
        &[
            key(),
            bigint("user_id", Each("users")),
            boolean("gitpod_enabled", percent!(4)),
            boolean("view_diffs_file_by_file", percent!(15)),
            createdtz(),
            updatedtz(),
        ],
        &["user_id"],
    ),
    Table::new(
        "events",
        40_000,
        &[
            key(),
            bigint("author_id", Pick("users", Strong)),
            bigint("project_id", sometimes!(95, Pick("projects", Strong))),
            smallint("action", numbers!(25 => 1, 5 => 2, 15 => 3, 40 => 5, 10 => 6, 5 => 7)),
            text(
                "target_type",
                OneOf(
                    "",
                    &[
                        (40, Null),
                        (20, Text("Issue")),
                        (20, Text("MergeRequest")),
                        (20, Text("Note")),
                    ],
                ),
            ),
            timetz("created_at", Created),
            updatedtz(),
        ],
        &["author_id", "project_id", "created_at"],
    ),
];
