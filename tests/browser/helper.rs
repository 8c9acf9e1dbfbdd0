//! `/assets/usage-data.js` in a page of a product's own.

use serde_json::json;

use crate::script;
use crate::serving::{Serving, token};
use crate::support::cli::Cli;

const CONFIG: &str = "service-ping.toml";
const SECRET: &str = "a secret that the proxy shares";

/// An instance that counts one event plainly, and the users of another.
fn instance() -> Cli {
    let cli = Cli::new();
    cli.write(
        CONFIG,
        &format!("[event_store]\nurl = \"embedded\"\n[server]\nproxy_secret = \"{SECRET}\"\n"),
    );
    cli.write(
        "metrics/pushes.yml",
        "key_path: counts.pushes\ndescription: Pushes\nvalue_type: number\nstatus: active\ntime_frame: all\n\
         data_source: redis\ninstrumentation_class: RedisMetric\noptions:\n  prefix: source_code\n  event: pushes\n",
    );
    cli.write(
        "known_events/pages.yml",
        "- name: users_opening_pages\n  category: pages\n  redis_slot: pages\n  aggregation: daily\n",
    );
    cli
}

#[test]
fn the_helper_counts_with_the_right_token_and_never_throws() {
    let cli = instance();
    let serving = Serving::start(&cli, CONFIG, &[]);
    let place = json!({
        "url": serving.url,
        "config": CONFIG,
        "secret": SECRET,
        "tracker": token(&cli, CONFIG, "tracker", &["--scope", "track", "--user", "4711"]),
    });
    script::run(&cli, "helper.mjs", place);
}
