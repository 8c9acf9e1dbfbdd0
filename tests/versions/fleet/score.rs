//! The DevOps score, held against percentiles that PostgreSQL computes from the payloads.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use service_ping::versions::DevOpsReport;
use service_ping::versions::receiver::ReceiverLimits;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::end::{End, On, limits};
use crate::simulated::{FLEET, payload, uuid};

/// The features with the sums of their counters and what they are divided by, as SQL over a payload `p`.
const FEATURES: [(&str, &str, &str); 10] = [
    ("issues", "{counts,issues}", "{active_user_count}"),
    ("notes", "{counts,notes}", "{active_user_count}"),
    ("milestones", "{counts,milestones}", "{active_user_count}"),
    ("boards", "{counts,boards}", "{active_user_count}"),
    ("merge_requests", "{counts,merge_requests}", "{active_user_count}"),
    (
        "ci_pipelines",
        "{counts,ci_internal_pipelines} {counts,ci_external_pipelines}",
        "{active_user_count}",
    ),
    ("environments", "{counts,environments}", "{active_user_count}"),
    ("deployments", "{counts,deployments}", "{active_user_count}"),
    (
        "projects_prometheus_active",
        "{counts,projects_prometheus_active}",
        "{counts,projects}",
    ),
    (
        "service_desk_issues",
        "{counts,service_desk_issues}",
        "{active_user_count}",
    ),
];

async fn ping_all(end: &End, week: u64) -> Vec<DevOpsReport> {
    let pings = stream::iter(0..FLEET).map(|instance| async move { end.ping(&payload(instance, week)).await.dev_ops });
    pings.buffered(8).collect().await
}

/// What an instance is to be told of a feature: the leader, itself, and the percentage.
async fn expected(database: &mut PgConnection, feature: (&str, &str, &str), of: &str) -> [f64; 3] {
    let (_, counters, each) = feature;
    let number = |path: &str| format!("CASE WHEN (p #>> '{path}')::float8 >= 0 THEN (p #>> '{path}')::float8 END");
    let sum: Vec<String> = counters.split(' ').map(number).collect();
    let statement = format!(
        "WITH last AS (SELECT DISTINCT ON (uuid) uuid, payload::jsonb AS p FROM service_ping_versions.raw_usage_data \
         ORDER BY uuid, id DESC), \
         values AS (SELECT uuid, ({}) / nullif((p #>> '{each}')::float8, 0) AS v FROM last), \
         leader AS (SELECT coalesce(percentile_cont(0.9) WITHIN GROUP (ORDER BY v), 0) AS l FROM values) \
         SELECT l, coalesce(v, 0), CASE WHEN l > 0 THEN least(100, 100 * coalesce(v, 0) / l) ELSE 0 END \
         FROM leader, values WHERE uuid = $1",
        sum.join(" + ")
    );
    let row: (f64, f64, f64) = sqlx::query_as(AssertSqlSafe(statement))
        .bind(of)
        .fetch_one(database)
        .await
        .unwrap();
    row.into()
}

fn valid(report: &DevOpsReport) -> &BTreeMap<String, f64> {
    match report {
        DevOpsReport::Valid(numbers) => numbers,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tells_each_instance_the_ninetieth_percentile_of_five_hundred() {
    let end = End::on(On::Postgres).await;
    let first = ping_all(&end, 0).await;
    assert!(
        first.iter().all(|report| *report == DevOpsReport::Absent),
        "a first ping is answered by its id alone"
    );
    let second = ping_all(&end, 1).await;
    let without = second.iter().filter(|report| **report == DevOpsReport::Absent).count();
    assert!(
        without < 20,
        "only those with nobody in them have no score, not {without}"
    );

    let mut database = PgConnection::connect(&end.url).await.unwrap();
    for instance in [3, 141, 499] {
        let told = end.ping(&payload(instance, 2)).await.dev_ops;
        let told = valid(&told);
        assert_eq!(told.len(), 30);
        for feature in FEATURES {
            let expected = expected(&mut database, feature, &uuid(instance)).await;
            for (side, expected) in ["leader", "instance", "percentage"].into_iter().zip(expected) {
                let told = told[&format!("{side}_{}", feature.0)];
                let near = (told - expected).abs() <= 1e-9 * expected.abs().max(1.0);
                assert!(near, "{side}_{} of {instance}: {told}, not {expected}", feature.0);
            }
        }
    }
    assert!(valid(&second[3])["leader_issues"] > 0.0);
}

#[tokio::test]
async fn is_the_same_on_both_databases() {
    let (sqlite, postgres) = (End::on(On::Sqlite).await, End::on(On::Postgres).await);
    for end in [&sqlite, &postgres] {
        for week in 0..2 {
            for instance in 0..20 {
                end.ping(&payload(instance, week)).await;
            }
        }
    }
    let told = [sqlite.ping(&payload(7, 3)).await, postgres.ping(&payload(7, 3)).await];
    assert_eq!(valid(&told[0].dev_ops), valid(&told[1].dev_ops));
}

#[tokio::test]
async fn leaders_are_not_computed_for_every_ping() {
    let hour = ReceiverLimits {
        leaders_for: std::time::Duration::from_secs(3600),
        ..limits()
    };
    let end = End::with(On::Sqlite, hour, Default::default()).await;
    let with_issues = |instance: u64, week: u64, issues: u64| {
        let mut payload = payload(instance, week);
        payload["active_user_count"] = 1.into();
        payload["counts"]["issues"] = issues.into();
        payload
    };
    for week in 0..2 {
        end.ping(&with_issues(1, week, 10)).await;
    }
    end.ping(&with_issues(2, 0, 1000)).await;
    let told = end.ping(&with_issues(1, 2, 10)).await.dev_ops;
    assert!(
        (valid(&told)["leader_issues"] - 10.0).abs() < 1e-9,
        "as it was an hour ago at most"
    );
}

#[tokio::test]
async fn an_old_payload_that_comes_late_does_not_describe_its_instance() {
    for on in crate::end::BOTH {
        let end = End::on(on).await;
        end.ping(&payload(1, 5)).await;
        let mut late = payload(1, 4);
        late["version"] = "1.0".into();
        let told = end.ping(&late).await;
        let instance = end.store.instance(&uuid(1)).await.unwrap().unwrap();
        assert_eq!(instance.version.as_deref(), Some("17.1.0"), "{on:?}");
        assert_eq!((instance.pings, instance.payload_id), (2, told.usage_data_id - 1));
    }
}
