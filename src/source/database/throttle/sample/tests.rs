use std::time::Duration;

use super::*;

fn limits() -> Throttle {
    Throttle {
        max_replication_lag: Some(Duration::from_secs(10)),
        max_active_sessions: Some(3),
        throttle_query: Some("SELECT busy FROM load -- now".to_owned()),
        hours: None,
    }
}

fn row(cells: [Option<&str>; 5]) -> Row {
    cells.map(|cell| cell.map(str::to_owned)).to_vec()
}

fn says(cells: [Option<&str>; 5]) -> Option<String> {
    let sample = Sample::read(Some(&row(cells)), Dialect::Postgres).expect("an answer");
    sample.wait(&limits()).map(|wait| wait.says)
}

#[test]
fn any_one_over_its_limit_is_enough() {
    let cases = [
        ([Some("10.000000"), Some("0"), Some("3"), Some("0"), Some("f")], None),
        ([None, Some("0"), Some("0"), Some("0"), None], None),
        (
            [Some("12.345678"), Some("0"), Some("0"), Some("0"), None],
            Some("replication lag 12.3 s, over 10 s"),
        ),
        (
            [Some("0"), Some("0"), Some("4"), Some("0"), None],
            Some("4 active sessions, over 3"),
        ),
        ([None, None, None, None, Some("t")], Some("throttle_query")),
        ([None, None, None, None, Some("-0.5")], Some("throttle_query")),
        ([None, None, None, None, Some("0.0")], None),
    ];
    for (cells, expected) in cases {
        assert_eq!(says(cells).as_deref(), expected, "{cells:?}");
    }
}

#[test]
fn a_query_that_finds_no_row_lets_go() {
    assert_eq!(Sample::read(None, Dialect::Sqlite), Ok(Sample::default()));
}

#[test]
fn a_text_is_no_answer() {
    let row = row([None, None, None, None, Some("busy")]);
    assert_eq!(Sample::read(Some(&row), Dialect::Postgres), Err(NoAnswer));
}

#[test]
fn what_is_not_limited_is_not_asked() {
    let limits = Throttle {
        max_replication_lag: None,
        ..limits()
    };
    let all = Asked {
        server: true,
        query: true,
    };
    let sql = statement(&limits, all, Dialect::Postgres);
    assert!(
        !sql.contains("replay_lag") && sql.contains("pg_stat_activity") && sql.contains("FROM load"),
        "{sql}"
    );
    let server = statement(&limits, Asked { query: false, ..all }, Dialect::Postgres);
    assert!(
        !server.contains("load") && server.contains("pg_stat_activity"),
        "{server}"
    );
    let query = statement(&limits, Asked { server: false, ..all }, Dialect::Postgres);
    assert!(!query.contains("pg_stat"), "{query}");
    assert!(!statement(&limits, all, Dialect::Sqlite).contains("pg_"));
}
