//! Exports, read back by other libraries.

use chrono::Utc;
use serde_json::{Value, json};
use service_ping::versions::receiver::TokenRole;
use service_ping::versions::receiver::export::{ExportFormat, ExportTarget, ExportedFile, Month, export};
use sqlx::{Connection, SqliteConnection};

use crate::end::{BOTH, End, On, reply};
use crate::simulated::payload;
use crate::support::cli::Cli;
use crate::warehouse::{S3, run};

/// What a text may hold that a format must escape.
const ODD: &str = "a,b \"c\"\r\n<d> \u{0}\u{1F980} é ' \\ \t=1+1";

/// Reads the files of a month in every format, checks that they are the same rows, and that the metrics' rows are the leaves of
/// the payloads. Prints how many rows each kind has.
const CHECK: &str = r#"
import csv, json, sys
import pyarrow.parquet as pq
folder, month = sys.argv[1:3]
csv.field_size_limit(10**9)
numbers = {"id", "payload_id", "metadata_id", "value", "time_elapsed", "error_bound", "elapsed"}

def instant(value):
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

def parquet(kind):
    table = pq.read_table(f"{folder}/{kind}-{month}.parquet")
    assert str(table.schema.field("received_at").type) == "timestamp[us, tz=UTC]", table.schema
    rows = table.to_pylist()
    for row in rows:
        row["received_at"] = instant(row["received_at"])
    return rows

def lines(kind):
    with open(f"{folder}/{kind}-{month}.jsonl", newline="\n") as file:
        return [json.loads(line) for line in file.read().split("\n")[:-1]]

def commas(kind):
    with open(f"{folder}/{kind}-{month}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return rows

def leaves(value, path):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, path + [key])
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, path + [str(place)])
    elif isinstance(value, bool):
        yield ".".join(path), None, "true" if value else "false"
    elif isinstance(value, (int, float)):
        yield ".".join(path), float(value), None
    else:
        yield ".".join(path), None, value

counts = {}
for kind in ["payloads", "metrics", "outcomes", "errors"]:
    rows = parquet(kind)
    counts[kind] = len(rows)
    assert len(rows) == len(lines(kind)) == len(commas(kind)), kind
    for row, line, comma in zip(rows, lines(kind), commas(kind)):
        assert row.keys() == line.keys() == comma.keys(), (row, line, comma)
        for name, value in row.items():
            other = line[name]
            if name == "payload":
                assert json.loads(value) == other
                assert comma[name] == value
                continue
            assert value == other, (name, value, other)
            if value is None:
                assert comma[name] == "", (name, comma[name])
            elif name in numbers:
                assert float(comma[name]) == float(value)
            else:
                assert comma[name] == value, (name, comma[name], value)

expected = []
for row in parquet("payloads"):
    expected += [(row["id"], row["uuid"], *leaf) for leaf in leaves(json.loads(row["payload"]), [])]
found = [(row["payload_id"], row["uuid"], row["key_path"], row["value"], row["text"]) for row in parquet("metrics")]
assert found == expected, [pair for pair in zip(found, expected) if pair[0] != pair[1]][:3]
print(json.dumps(counts))
"#;

const FORMATS: [ExportFormat; 3] = [ExportFormat::Jsonl, ExportFormat::Csv, ExportFormat::Parquet];

fn this_month() -> Month {
    Utc::now().format("%Y-%m").to_string().parse().unwrap()
}

async fn filled(on: On) -> End {
    let end = End::on(on).await;
    for instance in 0..9 {
        let mut payload = payload(instance, 0);
        payload["odd"] = json!({ODD: ODD, "line": "a\nb", "return": "a\rb", "comma": "a,b", "quote": "a\"b", "list": [1.5, true, null, {"x": [-0.0, 1e300]}], "empty": "", "none": {}});
        end.ping(&payload).await;
    }
    // Line ends between values are no line ends of the file.
    let spread = "{\n \"uuid\": \"spread\",\r\n \"n\": 12345678901234567890 }\n";
    assert_eq!(reply(end.post("/usage_data", spread)).await.status, 201);
    let metrics = json!([{"name": "counts.x", "time_elapsed": 0.25, "error": ODD}, {"name": "counts.y", "error_bound": 0.02}, {}]);
    let metadata = json!({"metadata": {"uuid": "spread", "metrics": metrics}}).to_string();
    assert_eq!(reply(end.post("/usage_ping_metadata", metadata)).await.status, 201);
    let error = json!({"error": {"uuid": "spread", "message": ODD, "elapsed": 1.5, "version": 3}}).to_string();
    assert_eq!(reply(end.post("/usage_ping_errors", error)).await.status, 201);
    end
}

async fn export_all(end: &End, month: Month, folder: &str) -> Vec<ExportedFile> {
    let target = ExportTarget::parse(folder).unwrap();
    let mut files = Vec::new();
    for format in FORMATS {
        files.extend(export(&end.store, month, format, &target).await.unwrap());
    }
    files
}

#[tokio::test]
async fn are_the_same_rows_in_every_format() {
    for on in BOTH {
        let end = filled(on).await;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a/new/folder");
        let month = this_month();
        let files = export_all(&end, month, out.to_str().unwrap()).await;
        let counts: Value = serde_json::from_str(&run(CHECK, &[out.to_str().unwrap(), &month.to_string()])).unwrap();
        assert_eq!(
            (&counts["payloads"], &counts["outcomes"], &counts["errors"]),
            (&json!(10), &json!(2), &json!(1)),
            "{on:?}"
        );
        for file in &files {
            let kind = file.name.rsplit('/').next().unwrap().split('-').next().unwrap();
            assert_eq!(json!(file.rows), counts[kind], "{}", file.name);
        }
        let names = std::fs::read_dir(&out).unwrap().count();
        assert_eq!(names, 12, "no part of a file is left");
        // Again, over the files that are there.
        assert_eq!(export_all(&end, month, out.to_str().unwrap()).await, files);
    }
}

#[tokio::test]
async fn hold_one_month_and_may_be_empty() {
    let end = filled(On::Sqlite).await;
    let mut connection = SqliteConnection::connect(&end.url).await.unwrap();
    for (id, at) in [
        (1, "2020-01-31T23:59:59.999999+00:00"),
        (2, "2020-02-01T00:00:00+00:00"),
        (3, "2020-02-29T23:59:59.999999+00:00"),
        (4, "2020-03-01T00:00:00+00:00"),
    ] {
        sqlx::query("UPDATE raw_usage_data SET received_at = $2 WHERE id = $1")
            .bind(id)
            .bind(at)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    for (month, payloads) in [("2020-02", 2), ("2019-05", 0)] {
        export_all(&end, month.parse().unwrap(), out).await;
        let counts: Value = serde_json::from_str(&run(CHECK, &[out, month])).unwrap();
        assert_eq!(counts["payloads"], payloads, "{month}");
    }
}

#[tokio::test]
async fn many_rows_are_several_groups() {
    let end = End::on(On::Sqlite).await;
    for instance in 0..3 {
        let many: serde_json::Map<String, Value> = (0..45_000).map(|n| (format!("m{n}"), json!(n))).collect();
        end.ping(&json!({"uuid": format!("u{instance}"), "counts": many})).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let target = ExportTarget::parse(out).unwrap();
    export(&end.store, this_month(), ExportFormat::Parquet, &target)
        .await
        .unwrap();
    let script = "import sys, pyarrow.parquet as pq, pyarrow.compute as pc\n\
         file = pq.ParquetFile(sys.argv[1])\n\
         table = file.read()\n\
         print(file.metadata.num_row_groups, table.num_rows, int(pc.sum(table['value']).as_py()), \
         file.metadata.row_group(0).column(4).compression)";
    let file = format!("{out}/metrics-{}.parquet", this_month());
    let sum = 3_u64 * 45_000 * 44_999 / 2;
    assert_eq!(run(script, &[&file]).trim(), format!("2 {} {sum} SNAPPY", 3 * 45_001));
}

#[tokio::test(flavor = "multi_thread")]
async fn go_to_a_bucket_by_the_verb() {
    let end = filled(On::Sqlite).await;
    // More than a part, so that it is an upload of several; it does not compress.
    let noise: String = (0..300_000)
        .map(|_| uuid::Uuid::new_v4().simple().to_string())
        .collect();
    end.ping(&json!({"uuid": "long", "noise": noise})).await;
    let s3 = S3::start();
    let cli = Cli::new()
        .env("AWS_ENDPOINT_URL", &s3.url)
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_ACCESS_KEY_ID", "id")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1");
    let month = this_month().to_string();
    let arguments = [
        "versions", "export", "--format", "parquet", "--month", &month, "--store", &end.url, "--to",
    ];
    let to = |target: &'static str| [&arguments[..], &[target]].concat();
    let done = cli.run(&to("s3://warehouse/pings/raw")).expect_code(0);
    assert!(
        done.stdout
            .contains(&format!("s3://warehouse/pings/raw/payloads-{month}.parquet: 11 rows")),
        "{}",
        done.stdout
    );
    assert!(done.stderr.contains("is not over"), "{}", done.stderr);
    cli.run(&to("here")).expect_code(0);
    let local = std::fs::metadata(cli.folder().join(format!("here/payloads-{month}.parquet")))
        .unwrap()
        .len();
    assert!(local > 9_000_000, "{local}");
    assert_eq!(
        s3.object_length(&format!("pings/raw/payloads-{month}.parquet")),
        format!("4 {local}")
    );

    let refused = cli.run(&to("s3://elsewhere/x"));
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("AWS_ACCESS_KEY_ID"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("secret"), "{}", refused.stderr);
}

#[tokio::test]
async fn tokens_are_made_listed_and_ended_by_verbs() {
    for on in BOTH {
        let (url, _folder) = crate::end::new_store(on).await;
        let cli = Cli::new().env("SERVICE_PING_VERSIONS_STORE", &url);
        let made = cli
            .run(&["versions", "token", "add", "one", "--instance", "u-1"])
            .expect_code(0);
        let token = made.stdout.trim();
        assert_eq!(token.len(), 68, "{token}");
        cli.run(&["versions", "token", "add", "look", "--admin"]).expect_code(0);
        let again = cli.run(&["versions", "token", "add", "one"]);
        assert_eq!(again.code, Some(1), "{}", again.stderr);
        let end = End::at(&url, crate::end::limits(), Default::default()).await;
        assert_eq!(end.store.tokens().await.unwrap()[1].instance.as_deref(), Some("u-1"));
        assert_eq!(end.store.tokens().await.unwrap()[0].role, TokenRole::Admin.name());
        cli.run(&["versions", "token", "revoke", "one"]).expect_code(0);
        assert_eq!(cli.run(&["versions", "token", "revoke", "one"]).code, Some(1));
        let list = cli.run(&["versions", "token", "list"]).expect_code(0).stdout;
        assert!(
            list.contains("one: instance for u-1, made ") && list.contains(", revoked "),
            "{list}"
        );
        assert!(
            list.starts_with("look: admin, made ") && !list.contains(token),
            "{list}"
        );
    }
}
