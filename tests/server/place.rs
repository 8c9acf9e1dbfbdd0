//! An instance with a few definitions, and `serve` over it.

use chrono::{Datelike, Days, Utc};
use serde_json::Value;

use crate::client::Asking;
use crate::support::cli::{Cli, Running};

const EVENTS: &str = "\
- name: users_opening_boards
  aggregation: weekly
- name: users_behind_a_flag
  aggregation: weekly
  feature_flag: boards_flag
";
const COUNTER: &str = "\
key_path: counts.source_code_pushes
description: Pushes
value_type: number
status: active
time_frame: all
data_source: redis
data_category: optional
instrumentation_class: RedisMetric
options: {event: pushes, prefix: source_code}
";
const INTERNAL: &str = "\
key_path: counts.boards_created
description: Boards that were made
value_type: number
status: active
time_frame: all
data_source: internal_events
data_category: optional
events:
  - name: board_created
";
const PROJECTS: &str = "\
key_path: counts.projects_with_boards
description: Projects in which boards were made
value_type: number
status: active
time_frame: 28d
data_source: internal_events
data_category: optional
events:
  - name: board_created
    unique: project.id
";

/// A folder with an instance.
pub struct Place {
    pub cli: Cli,
}

/// A server over it.
pub struct Serving {
    pub running: Running,
    pub address: String,
}

impl Place {
    /// An instance whose configuration has these lines besides.
    pub fn new(more: &str) -> Place {
        Place::with_store("url = \"embedded\"", more)
    }

    /// The same, with the lines of `[event_store]`.
    pub fn with_store(store: &str, more: &str) -> Place {
        let cli = Cli::new();
        cli.write("known_events/boards.yml", EVENTS);
        cli.write("metrics/counts_all/1_pushes.yml", COUNTER);
        cli.write("metrics/counts_all/2_boards.yml", INTERNAL);
        cli.write("metrics/counts_28d/3_projects.yml", PROJECTS);
        cli.write("service-ping.toml", &format!("[event_store]\n{store}\n{more}\n"));
        Place { cli }
    }

    pub fn serve(&self) -> Serving {
        let mut running = self.cli.start(&["serve", "--listen", "127.0.0.1:0"]);
        let line = running.line_with("listening on http://");
        let (_, address) = line.split_once("http://").expect("an address");
        let address = address.trim().to_owned();
        Serving { running, address }
    }

    /// A new token of that name.
    pub fn token(&self, arguments: &[&str]) -> String {
        let made = self.cli.run(&[&["token", "add"], arguments].concat()).expect_code(0);
        made.stdout.trim().to_owned()
    }

    /// A metric's value, as a verb reads it.
    pub fn value(&self, key_path: &str) -> Value {
        let read = self.cli.run(&["metric", key_path, "--format", "json"]).expect_code(0);
        let document: Value = serde_json::from_str(&read.stdout).expect("JSON");
        document["value"].clone()
    }

    /// How many values of an event were counted this week, as it is told once the week is over.
    pub fn unique(&self, event: &str) -> Value {
        let today = Utc::now().date_naive();
        let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
        let (from, to) = (monday.to_string(), (monday + Days::new(7)).to_string());
        let later = format!("{}T12:00:00Z", monday + Days::new(8));
        let read = self
            .cli
            .run(&["--now", &later, "events", "unique", event, "--from", &from, "--to", &to]);
        let printed = read.expect_code(0).stdout;
        printed
            .trim()
            .parse::<u64>()
            .map_or_else(|_| panic!("{printed}"), Value::from)
    }
}

impl Serving {
    pub fn get(&self, path: &str) -> Asking {
        Asking::new(&self.address, "GET", path)
    }

    pub fn post(&self, path: &str) -> Asking {
        Asking::new(&self.address, "POST", path)
    }

    /// Stops it as a service manager does, so that everything is written.
    pub fn stop(self) {
        self.running.signal("TERM");
        assert_eq!(self.running.wait().0, Some(0));
    }
}
