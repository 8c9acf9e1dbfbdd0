//! The fleet's pages: right, safe, and readable without seeing them.

use std::process::Command;

use reqwest::StatusCode;
use serde_json::json;

use crate::end::{BOTH, End, On, reply};
use crate::simulated::{payload, uuid};

const EVIL: &str = "\"><script>alert('x')</script><img src=x onerror=alert(1)>";

/// What is left of a page once its tags are gone, with the entities read and white space made one.
fn text(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn page(end: &End, path: &str) -> String {
    let reply = reply(end.get(path)).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{path}");
    assert_eq!(reply.header("cache-control"), "no-store", "{path}");
    assert_guarded(&reply, path);
    reply.text
}

fn assert_guarded(reply: &crate::end::Reply, path: &str) {
    let policy = reply.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
    assert_eq!(reply.header("set-cookie"), "", "{path}: there is nothing to remember");
}

const PAGES: [&str; 6] = ["/", "/instances", "/versions", "/metrics", "/failures", "/errors"];

#[tokio::test]
async fn are_there_before_anything_came() {
    for on in BOTH {
        let end = End::on(on).await;
        for path in PAGES {
            page(&end, path).await;
        }
        for path in [
            "/instances/x",
            "/instances/x/payload",
            "/metrics/x",
            "/assets/x.css",
            "/assets/..%2fx",
        ] {
            let reply = reply(end.get(path)).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
            assert_guarded(&reply, path);
        }
    }
}

#[tokio::test]
async fn answers_to_senders_are_guarded_too() {
    let end = End::on(On::Sqlite).await;
    for (path, body, status) in [
        ("/usage_data", r#"{"uuid": "a"}"#, StatusCode::CREATED),
        ("/usage_data", "<script>", StatusCode::BAD_REQUEST),
        ("/<script>", "{}", StatusCode::NOT_FOUND),
        ("/instances", "{}", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let reply = reply(end.post(path, body)).await;
        assert_eq!(reply.status, status, "{path}");
        assert_guarded(&reply, path);
        assert!(!reply.header("content-type").contains("html"), "{path}");
    }
}

#[tokio::test]
async fn show_what_the_fleet_sent() {
    for on in BOTH {
        let end = End::on(on).await;
        for instance in 0..28 {
            end.ping(&payload(instance, 0)).await;
        }
        let mut values: Vec<f64> = (0..28)
            .filter_map(|n| payload(n, 0)["counts"]["issues"].as_f64())
            .collect();
        values.retain(|value| *value >= 0.0);
        values.sort_by(f64::total_cmp);

        assert!(text(&page(&end, "/").await).contains("Instances 28 Active in the last 30 days 28 Payloads 28"));
        let instances = text(&page(&end, "/instances?version=17.3.0").await);
        assert!(
            instances.contains("host-3.example") && !instances.contains("host-4.example"),
            "{instances}"
        );
        let versions = text(&page(&end, "/versions").await);
        for minor in 0..7 {
            assert!(versions.contains(&format!("17.{minor}.0 4")), "{on:?} {versions}");
        }
        let metrics = page(&end, "/metrics?q=ISSUES").await;
        assert!(
            metrics.contains("href=\"/metrics/counts.issues\"") && !metrics.contains("counts.notes"),
            "{metrics}"
        );
        let metric = page(&end, "/metrics/counts.issues").await;
        let seen = text(&metric);
        assert!(
            seen.contains(&format!("Instances with a value {}", values.len())),
            "{on:?} {seen}"
        );
        assert!(
            seen.contains(&format!("Without one (-1 or -2) {}", 28 - values.len())),
            "{seen}"
        );
        assert!(metric.contains("role=\"img\"") && metric.contains("<desc"), "{metric}");
        let sum: u64 = crate::pages::bars(&metric).iter().sum();
        assert_eq!(sum, values.len() as u64, "every instance is in one bar");

        let instance = text(&page(&end, &format!("/instances/{}", uuid(3))).await);
        assert!(instance.contains("\"license_id\":1003"), "{instance}");
        let download = reply(end.get(&format!("/instances/{}/payload", uuid(3)))).await;
        assert_eq!(download.text, payload(3, 0).to_string());
        assert_eq!(download.header("content-type"), "application/json");
        assert!(download.header("content-disposition").starts_with("attachment;"));
        assert_guarded(&download, "payload");
    }
}

/// The numbers of the bars of a page's first table of bars.
fn bars(page: &str) -> Vec<u64> {
    let table = page
        .split("<table class=\"bars\">")
        .nth(1)
        .unwrap()
        .split("</table>")
        .next()
        .unwrap();
    let cells = table.split("<td class=\"number\">").skip(1);
    cells
        .map(|cell| cell.split('<').next().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn tell_failures_by_metric_and_version() {
    for on in BOTH {
        let end = End::on(on).await;
        let ping = async |uuid: &str, version: &str, users: i64, week: u8| {
            let payload = json!({"uuid": uuid, "version": version, "recorded_at": format!("2026-01-0{week}T00:00:00Z"),
                "counts": {"users": users, "bins": {"-1": -1}}});
            end.ping(&payload).await;
        };
        let metadata = async |uuid: &str, error: &str| {
            let metrics =
                json!([{"name": "counts.users", "error": error}, {"name": "counts.small", "error": "binned: few"}]);
            let body = json!({"metadata": {"uuid": uuid, "metrics": metrics}}).to_string();
            assert_eq!(
                reply(end.post("/usage_ping_metadata", body)).await.status,
                StatusCode::CREATED
            );
        };
        for (uuid, version, users) in [("a", "1.0", -1), ("b", "1.0", -2), ("c", "1.0", 5), ("d", "2.0", -1)] {
            ping(uuid, version, users, 1).await;
        }
        metadata("a", "statement_timeout: it took 15 s").await;
        metadata("b", "panic: x").await;
        let seen = text(&page(&end, "/failures").await);
        assert!(seen.contains("counts.users 1.0 2 3 "), "{on:?} {seen}");
        for reason in ["statement_timeout", "panic", "-1", "-2"] {
            assert!(seen.contains(reason), "{reason}: {seen}");
        }
        assert!(seen.contains("counts.users 2.0 1 1 -1"), "{seen}");
        assert!(
            seen.contains("counts.bins 1.0 3 3 -1"),
            "a histogram that failed: {seen}"
        );
        assert!(!seen.contains("counts.small"), "what is rounded has a value: {seen}");
        let of_two = text(&page(&end, "/failures?version=2.0").await);
        assert!(
            of_two.contains("counts.users 2.0") && !of_two.contains("counts.users 1.0"),
            "{of_two}"
        );
        // A week later it works.
        ping("d", "2.0", 7, 8).await;
        let seen = text(&page(&end, "/failures").await);
        assert!(!seen.contains("counts.users 2.0"), "{seen}");
    }
}

#[tokio::test]
async fn a_payload_with_script_in_every_string_shows_as_text() {
    for on in BOTH {
        let end = End::on(on).await;
        let uuid = EVIL;
        let evil = json!({"uuid": uuid, "hostname": EVIL, "version": EVIL, "edition": EVIL, "installation_type": EVIL,
            "license_id": EVIL, "recorded_at": EVIL, EVIL: -1, "counts": {EVIL: 5}});
        end.ping(&evil).await;
        let metrics = json!([{"name": EVIL, "error": EVIL}]);
        let metadata = json!({"metadata": {"uuid": uuid, "metrics": metrics}}).to_string();
        assert_eq!(
            reply(end.post("/usage_ping_metadata", metadata)).await.status,
            StatusCode::CREATED
        );
        let error = json!({"error": {"uuid": uuid, "hostname": EVIL, "version": EVIL, "message": EVIL}}).to_string();
        assert_eq!(
            reply(end.post("/usage_ping_errors", error)).await.status,
            StatusCode::CREATED
        );

        let mut seen = 0;
        let mut paths: Vec<String> = PAGES.map(str::to_owned).into();
        let mut place = 0;
        while let Some(path) = paths.get(place).cloned() {
            place += 1;
            let asked = reply(end.get(&path)).await;
            if !asked.header("content-type").starts_with("text/html") {
                continue;
            }
            assert_eq!(asked.status, StatusCode::OK, "{on:?} {path}");
            let page = asked.text;
            assert!(
                !page.contains("<script>") && !page.contains("<img"),
                "{on:?} {path}: {page}"
            );
            assert_eq!(page.matches("<script").count(), 1, "its own script alone: {path}");
            assert!(
                !page.contains(" onerror=alert(1)\"") && !page.contains("javascript:"),
                "{path}"
            );
            seen += page.matches("&lt;script&gt;").count();
            // Every page that a page leads to is as safe.
            for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let link = link.replace("&amp;", "&");
                if link.starts_with('/') && !paths.contains(&link) {
                    paths.push(link);
                }
            }
        }
        assert!(seen > 15, "it is shown: {seen}");
        assert!(paths.iter().any(|path| path.starts_with("/metrics/")), "{paths:?}");
        assert!(paths.iter().any(|path| path.starts_with("/instances/%22")), "{paths:?}");
    }
}

#[tokio::test]
async fn read_well_without_being_seen() {
    let end = End::on(On::Sqlite).await;
    for instance in 0..5 {
        end.ping(&payload(instance, 0)).await;
    }
    let of_one = format!("/instances/{}", uuid(1));
    for path in PAGES.into_iter().chain([of_one.as_str(), "/metrics/counts.issues"]) {
        let page = page(&end, path).await;
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        for part in [
            "<main",
            "<header",
            "<nav aria-label=",
            "<footer",
            "lang=\"en\"",
            "<title>",
            "class=\"skip\"",
        ] {
            assert!(page.contains(part), "{path} has no {part}");
        }
        assert_eq!(
            page.matches("<table").count(),
            page.matches("<caption>").count(),
            "{path}"
        );
        assert_eq!(
            page.matches("<th").count() - page.matches("<thead").count(),
            page.matches(" scope=").count(),
            "{path}"
        );
        let inputs = page.matches("<input").count();
        assert_eq!(
            inputs,
            page.matches("<label>").count(),
            "{path}: every field has a label"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_runs_nothing_that_an_instance_sent() {
    let end = End::on(On::Sqlite).await;
    end.ping(&json!({"uuid": "evil", "hostname": "<script>document.title='run'</script>", "version": EVIL}))
        .await;
    let profile = tempfile::tempdir().unwrap();
    let url = end.running.url() + "/instances/evil";
    let dom = tokio::task::spawn_blocking(move || {
        let mut chromium = Command::new("chromium");
        chromium.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-proxy-server",
            "--dump-dom",
        ]);
        chromium
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(url);
        chromium.output().expect("chromium is installed; run scripts/test")
    });
    let dom = String::from_utf8(dom.await.unwrap().stdout).unwrap();
    assert!(dom.contains("<title>evil · Versions</title>"), "{dom}");
}
