//! What pages are sent with, and whom they are shown to.

use crate::place::{Place, Serving};

const PAGES: [&str; 9] = [
    "/",
    "/payload",
    "/dictionary",
    "/dictionary/counts.source_code_pushes",
    "/slowest",
    "/weeks",
    "/consent",
    "/events",
    "/session",
];

#[test]
fn every_page_is_guarded_and_kept_by_nobody() {
    let place = Place::new("");
    place.cli.run(&["run", "--no-submit"]).expect_code(0);
    let serving = place.serve();
    for path in PAGES {
        let answer = serving.get(path).send().expect(200);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        guarded(&serving, path);
        let page = answer.text();
        for inline in ["<style", " style=", " onclick=", "javascript:"] {
            assert!(!page.contains(inline), "{path} has {inline}");
        }
        assert!(!page.contains("<script>"), "{path} has a script of its own");
    }
    for path in ["/assets/page.css", "/assets/page.js"] {
        let answer = serving.get(path).send().expect(200);
        guarded(&serving, path);
        assert!(answer.header("cache-control").contains("immutable"));
        let again = serving.get(path).header("If-None-Match", answer.header("etag")).send();
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    serving.stop();
}

fn guarded(serving: &Serving, path: &str) {
    let answer = serving.get(path).send();
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
}

#[test]
fn a_name_that_is_not_ours_is_not_answered() {
    let place = Place::new("[server]\nhosts = [\"Ping.example.com\"]");
    let serving = place.serve();
    for host in ["ping.example.com", "ping.example.com:443", "localhost", "127.0.0.1"] {
        serving.get("/payload.json").header("Host", host).send().expect(200);
    }
    for host in ["evil.example", "127.0.0.1.evil.example"] {
        let answer = serving.get("/payload.json").header("Host", host).send().expect(421);
        assert!(answer.error().contains("[server] hosts"), "{}", answer.error());
    }
    // Probes are asked by whatever name they like.
    serving.get("/health").header("Host", "a.pod").send().expect(200);
    serving.stop();
}

#[test]
fn a_page_of_another_site_has_no_database_asked() {
    let place = Place::new("");
    let serving = place.serve();
    for path in [
        "/payload?fresh=1",
        "/payload.json?fresh=1",
        "/dictionary/counts.source_code_pushes?plan=1",
    ] {
        serving
            .get(path)
            .header("Sec-Fetch-Site", "same-origin")
            .send()
            .expect(200);
        serving.get(path).send().expect(200);
        serving
            .get(path)
            .header("Sec-Fetch-Site", "cross-site")
            .send()
            .expect(403);
    }
    serving.stop();
}

#[test]
fn from_elsewhere_pages_are_shown_to_those_who_sign_in() {
    let place = Place::new("");
    let mut running = place.cli.start(&["serve", "--listen", "0.0.0.0:0"]);
    let line = running.line_with("listening on http://");
    let port = line.trim().rsplit(':').next().expect("a port").to_owned();
    let serving = Serving {
        running,
        address: format!("127.0.0.1:{port}"),
    };
    for path in PAGES
        .iter()
        .filter(|path| **path != "/session")
        .chain(&["/payload.json", "/events/stream"])
    {
        let answer = serving.get(path).send().expect(303);
        assert!(
            answer.header("location").starts_with("/session?next=%2F"),
            "{path}: {}",
            answer.header("location")
        );
    }
    let token = place.token(&["reader", "--scope", "read_service_ping"]);
    serving.get("/payload").token(&token).send().expect(200);
    let tracks = place.token(&["app", "--scope", "track"]);
    serving.get("/payload").token(&tracks).send().expect(303);
    serving.stop();
}

#[test]
fn running_a_metric_now_is_an_administrator_s() {
    let place = Place::new("");
    let serving = place.serve();
    let path = "/dictionary/counts.source_code_pushes/run";
    serving.post(path).send().expect(401);
    let reads = place.token(&["reader", "--scope", "read_service_ping"]);
    serving.post(path).token(&reads).send().expect(403);
    let admin = place.token(&["boss", "--scope", "admin"]);
    let page = serving.post(path).token(&admin).send().expect(200).text();
    assert!(
        page.contains("Measured now: <strong class=\"good\">0</strong>"),
        "{page}"
    );
    serving.stop();
}

/// What a definition says is text on every page.
#[test]
fn markup_in_definitions_is_shown_as_text() {
    let place = Place::new("");
    let wicked = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&";
    let definition = format!(
        "key_path: counts.wicked\ndescription: {}\nproduct_group: {}\nvalue_type: string\nstatus: active\ntime_frame: none\n\
         data_source: system\ndata_category: optional\ninstrumentation_class: StaticMetric\noptions: {{value: {}}}\n",
        serde_json::json!(wicked),
        serde_json::json!(wicked),
        serde_json::json!(wicked)
    );
    place.cli.write("metrics/settings/9_wicked.yml", &definition);
    place.cli.run(&["run", "--no-submit"]).expect_code(0);
    let serving = place.serve();
    let admin = place.token(&["boss", "--scope", "admin"]);
    let mut pages = vec![serving.post("/dictionary/counts.wicked/run").token(&admin).send()];
    pages.extend(
        [
            "/payload",
            "/payload?q=script",
            "/dictionary",
            "/dictionary/counts.wicked",
            "/",
        ]
        .map(|path| serving.get(path).send()),
    );
    for page in &pages {
        let text = page.text();
        assert_eq!(page.status, 200, "{text}");
        assert!(!text.contains("<script>alert") && !text.contains("<img"), "{text}");
    }
    assert!(pages[0].text().contains("&lt;script&gt;alert(1)"));
    let odd = serving
        .get("/dictionary/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        .send()
        .expect(404)
        .text();
    assert!(!odd.contains("<script>alert"), "{odd}");
    serving.stop();
}
