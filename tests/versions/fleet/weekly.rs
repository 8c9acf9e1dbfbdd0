//! The weekly job of a real instance among five hundred simulated ones, by the verbs alone.

use std::path::Path;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use service_ping::state::StateStore;

use crate::simulated::{FLEET, payload};
use crate::support::cli::Cli;
use crate::warehouse::run;

const UUID: &str = "0c7be4d0-27a4-4b3c-9d2f-6a1c5e8f9b01";

/// What Python's statistics make of the exported payloads: the leader of issues, and the value of one instance.
const ORACLE: &str = r#"
import json, statistics, sys
import pyarrow.parquet as pq
last = {}
for row in pq.read_table(sys.argv[1], columns=["id", "uuid", "payload"]).to_pylist():
    last[row["uuid"]] = json.loads(row["payload"])
def value(payload):
    users, issues = payload.get("active_user_count", 0), payload.get("counts", {}).get("issues", -1)
    return issues / users if users > 0 and issues >= 0 else None
values = [value(payload) for payload in last.values()]
values = [value for value in values if value is not None]
leader = statistics.quantiles(values, n=10, method="inclusive")[8]
print(json.dumps([len(last), leader, value(last[sys.argv[2]])]))
"#;

/// The sample instance under the shipped definitions, which posts to `url`.
async fn instance(url: &str) -> Cli {
    let cli = Cli::new();
    let now = "2026-11-19T10:54:30Z".parse().unwrap();
    let file = cli.folder().join("instance.db");
    service_ping::sample::create(&file, now, 0.01).await.unwrap();
    let configuration = format!(
        "definitions = {:?}\n[instance]\nuuid = \"{UUID}\"\nhostname = \"ping.example\"\nversion = \"17.3.0\"\nedition = \
         \"CE\"\n[database.main]\nurl = \"sqlite://instance.db\"\n[event_store]\nurl = \"embedded\"\n[versions]\nurl = {url:?}\n",
        Path::new(env!("CARGO_MANIFEST_DIR"))
    );
    cli.write("service-ping.toml", &configuration);
    cli
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_among_five_hundred_is_told_its_place() {
    service_ping::versions::install_tls();
    let maker = Cli::new();
    let mut receiving = maker.start(&["versions", "--listen", "127.0.0.1:0", "--store", "versions.db"]);
    let line = receiving.line_with("listening on ");
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap();
    let url = url.trim_end_matches(',').to_owned();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = async |path: &str, body: Value| {
        let posted = http
            .post(format!("{url}{path}"))
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(posted.status(), 201);
    };
    let get = async |path: &str| {
        http.get(format!("{url}{path}"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let posts = stream::iter(0..FLEET).map(|instance| post("/usage_data", payload(instance, 0)));
    posts.buffer_unordered(8).collect::<Vec<()>>().await;
    post(
        "/usage_ping_errors",
        json!({"error": {"uuid": "e", "message": "the week was lost"}}),
    )
    .await;

    let cli = instance(&url).await;
    let state = format!("sqlite://{}", cli.folder().join("service-ping.db").display());
    let told = async || StateStore::open(&state).await.unwrap().last_dev_ops().await.unwrap();
    cli.run(&["run", "--now", "2026-11-12T00:00:00Z"]).expect_code(0);
    assert_eq!(told().await, None, "a first ping is answered by its id alone");
    cli.run(&["run", "--now", "2026-11-19T00:00:00Z"]).expect_code(0);
    let told = told().await.expect("a score").metrics;

    let month = chrono::Utc::now().format("%Y-%m").to_string();
    let export = ["versions", "export", "--month", &month, "--to", "out"];
    maker.run(&export).expect_code(0);
    let file = maker.folder().join(format!("out/payloads-{month}.parquet"));
    let oracle: (u64, f64, f64) = serde_json::from_str(&run(ORACLE, &[file.to_str().unwrap(), UUID])).unwrap();
    assert_eq!(oracle.0, FLEET + 1);
    let near = |name: &str, expected: f64| {
        let told = told[name];
        assert!(
            (told - expected).abs() <= 1e-9 * expected.max(1.0),
            "{name}: {told}, not {expected}"
        );
    };
    near("leader_issues", oracle.1);
    near("instance_issues", oracle.2);
    near("percentage_issues", (oracle.2 / oracle.1 * 100.0).min(100.0));
    assert_eq!(told.len(), 30);

    assert!(get("/").await.contains(&format!("<dd>{}</dd>", FLEET + 1)));
    assert!(get("/errors").await.contains("the week was lost"));
    assert!(get("/metrics/counts.issues").await.contains("Values by percentile"));
    let page = get(&format!("/instances/{UUID}")).await;
    assert!(page.contains("ping.example") && page.contains("17.3.0"), "{page}");
    receiving.signal("TERM");
    assert_eq!(receiving.wait().0, Some(0));
}
