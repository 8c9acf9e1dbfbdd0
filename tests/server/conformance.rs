//! Every status of every operation, with and without session, token, CSRF token and flag (spec 13).

use serde_json::json;

use crate::place::{Place, Serving};

const PREFIXES: [&str; 2] = ["/usage_data", "/api/v4/usage_data"];
const TRACKING: [&str; 4] = [
    "increment_counter",
    "increment_unique_users",
    "track_event",
    "track_events",
];

fn body(operation: &str) -> serde_json::Value {
    match operation {
        "increment_counter" => json!({"event": "source_code_pushes"}),
        "increment_unique_users" => json!({"event": "users_opening_boards"}),
        "track_event" => json!({"event": "board_created", "project_id": 7}),
        _ => json!({"events": [{"event": "board_created", "project_id": 7}]}),
    }
}

fn each(serving: &Serving, look: impl Fn(&str, &str, crate::client::Asking)) {
    for prefix in PREFIXES {
        for operation in TRACKING {
            let path = format!("{prefix}/{operation}");
            look(&path, operation, serving.post(&path));
        }
    }
}

#[test]
fn tracking_needs_a_token_that_is_good_and_may() {
    let place = Place::new("");
    let serving = place.serve();
    let track = place.token(&["app", "--scope", "track", "--user", "42"]);
    let reads = place.token(&["reader", "--scope", "read_service_ping"]);
    let admin = place.token(&["boss", "--scope", "admin", "--user", "43"]);
    each(&serving, |path, operation, asking| {
        let asking = asking.json(&body(operation));
        assert_eq!(asking.send().expect(401).header("www-authenticate"), "Bearer", "{path}");
        asking.clone().token("spt-wrong").send().expect(401);
        asking
            .clone()
            .header("Authorization", "Bearer wrong")
            .send()
            .expect(401);
        asking
            .clone()
            .header("Authorization", "Basic dXNlcjpwYXNz")
            .send()
            .expect(401);
        let denied = asking.clone().token(&reads).send().expect(403);
        assert_eq!(denied.error(), "this needs the scope track");
        asking.clone().token(&track).send().expect(200);
        asking.clone().token(&admin).send().expect(200);
        let bearer = format!("Bearer {track}");
        let answer = asking.header("Authorization", &bearer).send().expect(200);
        match operation {
            "track_events" => assert_eq!(answer.json(), json!({"results": ["tracked"]})),
            _ => assert_eq!(answer.json(), json!({"result": "tracked"})),
        }
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
    });
    serving.stop();
    // Two prefixes, three times each.
    assert_eq!(place.value("counts.source_code_pushes"), json!(6));
    assert_eq!(place.value("counts.boards_created"), json!(12));
    assert_eq!(
        place.value("counts.projects_with_boards"),
        json!(0),
        "the window ends last week"
    );
    // The token's own user, and the administrator.
    assert_eq!(place.unique("users_opening_boards"), json!(2));
}

#[test]
fn a_missing_or_wrong_parameter_is_400_and_counts_nothing() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track", "--user", "42"]);
    each(&serving, |path, _, asking| {
        let asking = asking.token(&token);
        for wrong in [
            json!({}),
            json!({"event": ""}),
            json!({"event": 7}),
            json!([]),
            json!({"events": 7}),
        ] {
            let answer = asking.clone().json(&wrong).send();
            assert_eq!(answer.status, 400, "{path} {wrong}: {}", answer.text());
        }
        asking.clone().send().expect(400);
        asking
            .clone()
            .header("Content-Type", "application/json")
            .body(b"{".to_vec())
            .send()
            .expect(400);
        asking
            .clone()
            .header("Content-Type", "text/plain")
            .body(b"x".to_vec())
            .send()
            .expect(415);
        asking.clone().body(b"event=x".to_vec()).send().expect(400);
    });
    let track = |event: serde_json::Value| {
        serving
            .post("/usage_data/track_event")
            .token(&token)
            .json(&event)
            .send()
    };
    for wrong in [
        json!({"event": "board_created", "project_id": "x"}),
        json!({"event": "board_created", "namespace_id": -1}),
        json!({"event": "board_created", "namespace_id": [1]}),
        json!({"event": "board_created", "additional_properties": 7}),
        json!({"event": "board_created", "additional_properties": {"label": {}}}),
        json!({"event": "board_created", "send_to_snowplow": "perhaps"}),
        json!({"event": "x".repeat(256)}),
    ] {
        assert_eq!(track(wrong.clone()).status, 400, "{wrong}");
    }
    let several = |count: usize| {
        let events: Vec<_> = (0..count).map(|_| json!({"event": "board_created"})).collect();
        let asking = serving.post("/usage_data/track_events").token(&token);
        asking.json(&json!({"events": events})).send()
    };
    assert_eq!(
        several(51).expect(400).error(),
        "Maximum 50 events allowed in one request."
    );
    several(0).expect(400);
    // One that is wrong refuses all of its request.
    let mixed = json!({"events": [{"event": "board_created"}, {"event": ""}]});
    serving
        .post("/usage_data/track_events")
        .token(&token)
        .json(&mixed)
        .send()
        .expect(400);
    let all = several(50).expect(200);
    assert_eq!(all.json()["results"].as_array().map(Vec::len), Some(50));
    serving.stop();
    assert_eq!(place.value("counts.boards_created"), json!(50));
    assert_eq!(place.value("counts.source_code_pushes"), json!(0));
}

#[test]
fn an_unknown_name_is_no_error_and_says_so() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track", "--user", "42"]);
    for operation in &TRACKING[..3] {
        let asking = serving.post(&format!("/usage_data/{operation}")).token(&token);
        let answer = asking.json(&json!({"event": "no_such_event"})).send().expect(200);
        assert_eq!(answer.json(), json!({"result": "not_tracked"}), "{operation}");
    }
    // A property of a wrong type is the page's mistake as well, and none to its user.
    let odd = json!({"event": "board_created", "additional_properties": {"label": 7}});
    let answer = serving
        .post("/usage_data/track_event")
        .token(&token)
        .json(&odd)
        .send()
        .expect(200);
    assert_eq!(answer.json(), json!({"result": "not_tracked"}));
    let flagged = json!({"event": "users_behind_a_flag"});
    let asking = serving.post("/usage_data/increment_unique_users").token(&token);
    assert_eq!(
        asking.json(&flagged).send().expect(200).json(),
        json!({"result": "held_back"})
    );
    serving.stop();
}

#[test]
fn forms_and_queries_say_the_same_as_json() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track", "--user", "42"]);
    let post = |path: &str| serving.post(path).token(&token);
    post("/usage_data/increment_counter")
        .form("event=source_code_pushes")
        .send()
        .expect(200);
    post("/usage_data/increment_counter?event=source_code_pushes")
        .send()
        .expect(200);
    let form = "event=board_created&project_id=9&additional_properties[label]=x&additional_properties[value]=2.5";
    let answer = post("/usage_data/track_event").form(form).send().expect(200);
    assert_eq!(answer.json(), json!({"result": "tracked"}));
    serving.stop();
    assert_eq!(place.value("counts.source_code_pushes"), json!(2));
    assert_eq!(place.value("counts.boards_created"), json!(1));
}

#[test]
fn a_token_without_a_user_counts_no_unique_users() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track"]);
    let asking = serving.post("/usage_data/increment_unique_users").token(&token);
    let answer = asking
        .json(&json!({"event": "users_opening_boards"}))
        .send()
        .expect(403);
    assert!(answer.error().contains("--user"), "{}", answer.error());
    serving.stop();
}

#[test]
fn flags_switch_operations_off_after_the_token_was_looked_at() {
    let place = Place::new("[feature_flags]\nusage_data_api = false");
    let serving = place.serve();
    let token = place.token(&["boss", "--scope", "admin", "--user", "1"]);
    each(&serving, |_, operation, asking| {
        asking.clone().json(&body(operation)).send().expect(401);
        let answer = asking.token(&token).json(&body(operation)).send().expect(404);
        assert_eq!(answer.error(), "the feature flag usage_data_api is off");
    });
    serving.get("/usage_data/service_ping").token(&token).send().expect(404);
    // Open to anybody, and to no flag.
    serving.get("/usage_data/metric_definitions").send().expect(200);
    serving.stop();
}

#[test]
fn the_dumps_are_administrators_and_off_until_a_flag_is_on() {
    for (operation, flag) in [
        ("queries", "usage_data_queries_api"),
        ("non_sql_metrics", "usage_data_non_sql_metrics"),
    ] {
        for is_on in [false, true] {
            let place = Place::new(&format!("[feature_flags]\n{flag} = {is_on}"));
            let serving = place.serve();
            let admin = place.token(&["boss", "--scope", "admin"]);
            let track = place.token(&["app", "--scope", "track"]);
            for prefix in PREFIXES {
                let asking = serving.get(&format!("{prefix}/{operation}"));
                asking.send().expect(401);
                if !is_on {
                    asking.clone().token(&admin).send().expect(404);
                    continue;
                }
                asking.clone().token(&track).send().expect(403);
                let document = asking.token(&admin).send().expect(200).json();
                let verb = if operation == "queries" { "sql" } else { "non-sql" };
                let dumped = place.cli.run(&["dump", verb, "--format", "json"]).expect_code(0);
                let dumped: serde_json::Value = serde_json::from_str(&dumped.stdout).expect("JSON");
                assert_eq!(document, dumped);
            }
            serving.stop();
        }
    }
}

#[test]
fn the_payload_of_the_last_run_is_read_with_its_scope() {
    let place = Place::new("");
    let serving = place.serve();
    let reads = place.token(&["reader", "--scope", "read_service_ping"]);
    let track = place.token(&["app", "--scope", "track"]);
    let asking = serving.get("/api/v4/usage_data/service_ping");
    asking.send().expect(401);
    asking.clone().token(&track).send().expect(403);
    assert_eq!(asking.clone().token(&reads).send().expect(200).text(), "{}");
    place.cli.run(&["run", "--no-submit"]).expect_code(0);
    let payload = asking.token(&reads).send().expect(200).text();
    assert_eq!(payload, place.cli.run(&["preview", "--last"]).expect_code(0).stdout);
    serving.stop();
}

#[test]
fn the_definitions_are_a_yaml_list_open_to_anybody() {
    let place = Place::new("");
    let serving = place.serve();
    let answer = serving.get("/api/v4/usage_data/metric_definitions").send().expect(200);
    assert_eq!(answer.header("content-type"), "application/yaml");
    let list: Vec<serde_json::Map<String, serde_json::Value>> = serde_yaml::from_str(&answer.text()).expect("a list");
    let keys: Vec<&str> = list.iter().filter_map(|entry| entry["key_path"].as_str()).collect();
    assert!(keys.contains(&"counts.source_code_pushes"), "{keys:?}");
    assert!(list.iter().all(|entry| !entry.contains_key("file_path")));
    let with = serving
        .get("/usage_data/metric_definitions?include_paths=true")
        .send()
        .expect(200);
    assert!(
        with.text().contains("file_path: metrics/counts_all/1_pushes.yml"),
        "{}",
        with.text()
    );
    serving
        .get("/usage_data/metric_definitions?include_paths=maybe")
        .send()
        .expect(400);
    serving.stop();
}

#[test]
fn a_method_or_path_that_is_none_says_so() {
    let place = Place::new("");
    let serving = place.serve();
    serving.get("/usage_data/increment_counter").send().expect(405);
    serving.post("/usage_data/metric_definitions").send().expect(405);
    serving.get("/usage_data/nothing").send().expect(404);
    serving.stop();
}

#[test]
fn an_instance_that_counts_no_events_says_so() {
    let place = Place::new("");
    place.cli.write("service-ping.toml", "");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track", "--user", "1"]);
    let asking = serving.post("/usage_data/increment_counter").token(&token);
    let answer = asking.json(&json!({"event": "source_code_pushes"})).send().expect(503);
    assert!(answer.error().contains("[event_store]"), "{}", answer.error());
    serving.stop();
}
