//! One of everything, and nothing wrong with it.

pub const USERS: &str = "metrics/counts_all/users.yml";
pub const IMPORTS: &str = "metrics/counts_28d/imports.yml";
pub const CLASS: &str = "metrics/instrumentations/imports.yml";
pub const EDITS: &str = "metrics/counts_7d/edits.yml";
pub const OPENED: &str = "metrics/counts_28d/opened.yml";
pub const PUSHES: &str = "metrics/counts_all/pushes.yml";
pub const ESTIMATE: &str = "metrics/counts_28d/authors.yml";
pub const HISTOGRAM: &str = "metrics/counts_all/issues_per_project.yml";
pub const THEME: &str = "metrics/settings/theme.yml";
pub const OLD: &str = "metrics/counts_all/old.yml";
pub const KNOWN: &str = "known_events/edits.yml";
pub const EVENT: &str = "events/open_issue.yml";
pub const AGGREGATES: &str = "aggregated_metrics/edits.yml";

pub const FILES: &[(&str, &str)] = &[
    (
        USERS,
        "\
key_path: counts.users
description: Users who may sign in.
product_group: access
value_type: number
status: active
milestone: \"13.10\"
time_frame: all
data_source: database
data_category: optional
tiers: [free, premium]
instrumentation_class: DatabaseMetric
options:
  operation: count
  relation: users WHERE state = 'active' AND admin
  batch_size: 1000
",
    ),
    (
        IMPORTS,
        "\
key_path: counts_monthly.imports
description: Users who imported something.
product_group: import
value_type: number
status: active
time_frame: 28d
data_source: database
instrumentation_class: CountImportsMetric
options:
  source: jira
",
    ),
    (
        CLASS,
        "\
class: CountImportsMetric
description: Users who imported something.
parameters:
  source:
    type: string
    required: true
    enum: [jira, github]
operation: distinct_count
relation: imports JOIN users ON users.id = imports.user_id WHERE imports.source = :source
column: imports.user_id
timestamp_column: imports.created_at
",
    ),
    (
        EDITS,
        "\
key_path: counts_weekly.edits
description: Users who edited.
product_group: editor
value_type: number
status: active
time_frame: 7d
data_source: redis_hll
instrumentation_class: RedisHLLMetric
options:
  events:
    - users_editing
    - users_saving
",
    ),
    (
        OPENED,
        "\
key_path: counts_monthly.opened
description: Users who opened an issue.
product_group: planning
value_type: number
status: active
time_frame: 28d
data_source: internal_events
events:
  - name: open_issue
    unique: user.id
    filter:
      label: web
",
    ),
    (
        PUSHES,
        "\
key_path: counts.pushes
description: Pushes.
product_group: source_code
value_type: number
status: active
time_frame: all
data_source: redis
instrumentation_class: RedisMetric
options:
  prefix: source_code
  event: pushes
",
    ),
    (
        ESTIMATE,
        "\
key_path: counts_monthly.authors
description: Authors of issues, estimated.
product_group: planning
value_type: number
status: active
time_frame: 28d
data_source: database
instrumentation_class: DatabaseMetric
options:
  operation: estimate_batch_distinct_count
  relation: issues
  column: author_id
  persist_as: authors
",
    ),
    (
        HISTOGRAM,
        "\
key_path: counts.issues_per_project
description: Projects by the number of their issues.
product_group: planning
value_type: object
status: active
time_frame: all
data_source: database
value_json_schema: metrics/objects_schemas/numbers.json
instrumentation_class: DatabaseMetric
options:
  operation: histogram
  relation: issues
  column: project_id
  buckets: [1, 50]
",
    ),
    (
        THEME,
        "\
key_path: settings.theme
description: Colours of the sign-in page.
product_group: design
value_type: object
status: active
time_frame: none
data_source: system
value_json_schema: metrics/objects_schemas/numbers.json
instrumentation_class: StaticMetric
options:
  value:
    red: 1
    green: 2
",
    ),
    (
        OLD,
        "\
key_path: counts.old
description: Nothing any more.
product_group: access
value_type: number
status: removed
milestone_removed: \"14.0\"
time_frame: all
data_source: database
",
    ),
    (
        KNOWN,
        "\
- name: users_editing
  category: editor
  redis_slot: users
  aggregation: weekly
- name: users_saving
  category: editor
  redis_slot: users
  aggregation: weekly
- name: i_viewing
  category: viewer
  redis_slot: viewing
  aggregation: weekly
- name: users_daily
  category: viewer
  redis_slot: users
  aggregation: daily
  expiry: 29
",
    ),
    (
        EVENT,
        "\
description: An issue was opened.
internal_events: true
action: open_issue
identifiers: [user, project]
additional_properties:
  label:
    description: Where it was opened.
product_group: planning
",
    ),
    (
        AGGREGATES,
        "\
- name: editing_or_saving
  operator: OR
  source: redis
  time_frame: [7d, 28d]
  events: [users_editing, users_saving]
- name: all_authors
  operator: AND
  source: database
  time_frame: [28d]
  events: [authors]
",
    ),
    (
        "metrics/objects_schemas/numbers.json",
        "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"number\"}}\n",
    ),
];
