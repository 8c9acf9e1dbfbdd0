//! Every page, of an instance with a past.

use serde_json::{Value, json};

use crate::grown::{ABSENT, CONFIG, grown};
use crate::script;
use crate::serving::{Serving, token};
use crate::support::cli::Cli;

#[test]
fn pages_do_what_they_promise_and_pass_axe() {
    let cli = grown();
    // One each, because one process reads the databases for one page at a time; the last lets nothing leave that was not
    // accepted.
    let spool = |name| ("SERVICE_PING__SERVER__EVENT_SPOOL", name);
    let clicked = Serving::start(&cli, CONFIG, &[spool("clicked")]);
    let looked_at = Serving::start(&cli, CONFIG, &[spool("looked-at")]);
    let consent = ("SERVICE_PING__REPORTING__CONSENT", "explicit");
    let explicit = Serving::start(&cli, CONFIG, &[spool("explicit"), consent]);
    let dictionary = dictionary(&cli);
    let admin = token(&cli, CONFIG, "admin", &["--scope", "admin"]);
    let reader = token(&cli, CONFIG, "reader", &["--scope", "read_service_ping"]);
    let tracker = token(&cli, CONFIG, "tracker", &["--scope", "track", "--user", "4711"]);
    let place = |url: &str| {
        json!({
            "url": url,
            "explicit": explicit.url,
            "config": CONFIG,
            "absent": ABSENT,
            "dictionary": dictionary,
            "admin": admin,
            "reader": reader,
            "tracker": tracker,
        })
    };
    std::thread::scope(|scope| {
        let clicks = place(&clicked.url);
        scope.spawn(|| script::run(&cli, "pages.mjs", clicks));
        script::run(&cli, "looks.mjs", place(&looked_at.url));
    });
    if std::env::var_os("SERVICE_PING_SCREENSHOTS").is_some() {
        script::run(&cli, "screenshots.mjs", place(&clicked.url));
    }
}

/// What the program's own dictionary says, as a list.
fn dictionary(cli: &Cli) -> Value {
    let outcome = cli.run(&["--config", CONFIG, "dictionary"]).expect_code(0);
    serde_yaml::from_str(&outcome.stdout).expect("a dictionary in YAML")
}
