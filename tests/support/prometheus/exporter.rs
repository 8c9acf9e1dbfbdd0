//! The series of the product's own services, as their exporters tell them.

use std::fmt::Write;
use std::time::Instant;

use super::double::{Answer, Double};

/// Pages by the service: `/rails`, `/sidekiq`, `/workhorse`, `/redis`, `/mystery`. Counters grow with time.
pub fn start() -> Double {
    let begun = Instant::now();
    Double::start(move |asked| {
        let elapsed = begun.elapsed().as_millis();
        Answer::Says(200, "text/plain; version=0.0.4", page(&asked.path, elapsed))
    })
}

fn page(path: &str, milliseconds: u128) -> String {
    match path {
        "/rails" => rails(milliseconds),
        "/sidekiq" => processes("ruby_", &[("1", 700_000_001), ("2", 900_000_000)]),
        "/workhorse" => {
            let requests = milliseconds * 7 / 100;
            let head = format!(
                "gitlab_workhorse_http_requests_total{{code=\"200\"}} {requests}\n\
                 gitlab_workhorse_http_requests_total{{code=\"404\"}} {}\n",
                requests / 3
            );
            head + "process_resident_memory_bytes 30000000\nprocess_start_time_seconds 1700000000\n"
        }
        "/redis" => "process_start_time_seconds 1700000000\n".to_owned(),
        _ => "process_resident_memory_bytes 1000\nprocess_start_time_seconds 1700000000\n".to_owned(),
    }
}

fn rails(milliseconds: u128) -> String {
    let statements = milliseconds / 5;
    let mut text = processes(
        "ruby_",
        &[("puma_0", 512_345_679), ("puma_1", 612_345_678), ("puma_2", 1)],
    );
    text += "puma_workers 3\n";
    for (limit, part) in [("0.1", 6), ("0.25", 8), ("+Inf", 10)] {
        let within = statements * part / 10;
        let _ = writeln!(text, "gitlab_sql_duration_seconds_bucket{{le=\"{limit}\"}} {within}");
    }
    let _ = writeln!(text, "gitlab_sql_duration_seconds_count {statements}");
    text
}

/// The memory and the start of each process.
fn processes(prefix: &str, bytes: &[(&str, u64)]) -> String {
    let mut text = String::new();
    for (pid, resident) in bytes {
        for (kind, bytes) in [
            ("resident", *resident),
            ("unique", resident / 2),
            ("proportional", resident * 2 / 3),
        ] {
            let _ = writeln!(text, "{prefix}process_{kind}_memory_bytes{{pid=\"{pid}\"}} {bytes}");
        }
        let _ = writeln!(text, "{prefix}process_start_time_seconds{{pid=\"{pid}\"}} 1700000000");
    }
    text
}
