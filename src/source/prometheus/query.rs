//! One query, and how it fails.

use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus_http_query::response::{Data, InstantVector};
use prometheus_http_query::{Client, Error};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::http::root_message;
use crate::measure::{Failure, QueryError, QueryErrorKind, QueryResult, Reason, Sample};
use crate::source::http;

/// Ten thousand series with all their labels.
const LONGEST_REPLY: usize = 16 * 1024 * 1024;
/// Of what Prometheus says of a query that it cannot read.
const LONGEST_MESSAGE: usize = 300;

/// The envelope of every reply.
#[derive(Deserialize)]
struct Reply {
    status: String,
    data: Option<Value>,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
}

/// What the query gives at an instant.
pub(super) async fn query(
    client: &Client,
    promql: &str,
    at: DateTime<Utc>,
    timeout: Duration,
) -> Result<QueryResult, QueryError> {
    let seconds = format!("{}.{:03}", at.timestamp(), at.timestamp_subsec_millis());
    let sent = client.query(promql).query("time", seconds).get_raw().await;
    let response = sent.map_err(|error| not_sent(&error, timeout))?;
    let status = response.status();
    let body = body(response, timeout).await?;
    let reply: Option<Reply> = serde_json::from_slice(&body).ok();
    match (status, reply) {
        (
            StatusCode::OK,
            Some(Reply {
                status,
                data: Some(data),
                ..
            }),
        ) if status == "success" => result(data),
        (StatusCode::OK, _) => Err(unexpected(
            Reason::StatementFailed,
            "the reply is none of Prometheus'".to_owned(),
        )),
        (StatusCode::BAD_REQUEST, reply) => Err(refused(reply)),
        (status, reply) => Err(other_status(
            status,
            reply.and_then(|reply| reply.error_type).as_deref(),
        )),
    }
}

fn not_sent(error: &Error, timeout: Duration) -> QueryError {
    let inner = match error {
        Error::Client(error) => error.inner(),
        _ => None,
    };
    match inner {
        Some(error) => broken(error, timeout),
        None => unexpected(Reason::StatementFailed, "the query cannot be sent".to_owned()),
    }
}

fn broken(error: &reqwest::Error, timeout: Duration) -> QueryError {
    let (kind, reason, message) = match (error.is_timeout(), error.is_connect()) {
        (true, true) => (
            QueryErrorKind::ConnectTimeout,
            Reason::SourceUnavailable,
            "Prometheus takes no connection in time".to_owned(),
        ),
        (true, false) => (
            QueryErrorKind::ReadTimeout,
            Reason::StatementTimeout,
            format!("Prometheus did not answer within {timeout:?}"),
        ),
        (false, true) => (
            QueryErrorKind::Connection,
            Reason::SourceUnavailable,
            format!("Prometheus cannot be reached: {}", root_message(error)),
        ),
        (false, false) => (
            QueryErrorKind::Connection,
            Reason::ConnectionLost,
            format!("the connection to Prometheus broke: {}", root_message(error)),
        ),
    };
    QueryError {
        kind,
        failure: Failure::new(reason, message),
    }
}

async fn body(response: Response, timeout: Duration) -> Result<Vec<u8>, QueryError> {
    let body = http::body(response, LONGEST_REPLY).await;
    body.map_err(|error| broken(&error, timeout))?.ok_or_else(|| {
        let message = format!("the answer is longer than {LONGEST_REPLY} bytes: ask for fewer series");
        unexpected(Reason::TooManyGroups, message)
    })
}

fn result(data: Value) -> Result<QueryResult, QueryError> {
    let kind = data
        .get("resultType")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if kind != "vector" && kind != "scalar" {
        return Ok(QueryResult::Other(kind));
    }
    let no_answer = |_| unexpected(Reason::StatementFailed, format!("the reply holds no {kind}"));
    match Data::deserialize(data).map_err(no_answer)? {
        Data::Scalar(sample) => Ok(QueryResult::Scalar(sample.value())),
        Data::Vector(vector) => Ok(QueryResult::Vector(vector.into_iter().map(sample).collect())),
        Data::Matrix(_) => Ok(QueryResult::Other("matrix".to_owned())),
    }
}

fn sample(sample: InstantVector) -> Sample {
    let (labels, sample) = sample.into_inner();
    Sample {
        labels: labels.into_iter().collect(),
        value: sample.value(),
    }
}

/// What Prometheus says of a query that it cannot read points to a place in it, and is kept; nothing else of it is.
fn refused(reply: Option<Reply>) -> QueryError {
    let is_parsed = |reply: &Reply| reply.error_type.as_deref() == Some("bad_data");
    let says = reply.filter(is_parsed).and_then(|reply| reply.error);
    let message = match says {
        Some(says) => format!("Prometheus refuses the query: {}", shortened(&says)),
        None => "Prometheus refuses the query: 400 Bad Request".to_owned(),
    };
    QueryError {
        kind: QueryErrorKind::Query,
        failure: Failure::new(Reason::InvalidStatement, message),
    }
}

fn shortened(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(LONGEST_MESSAGE).collect()
}

fn other_status(status: StatusCode, error_type: Option<&str>) -> QueryError {
    let (reason, why) = match (status, error_type) {
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            (Reason::SourceUnavailable, "the credentials are refused")
        }
        (StatusCode::SERVICE_UNAVAILABLE, Some("timeout")) => (Reason::StatementTimeout, "its own timeout was over"),
        (StatusCode::SERVICE_UNAVAILABLE, Some("canceled")) => (Reason::StatementCancelled, "the query was cancelled"),
        (StatusCode::SERVICE_UNAVAILABLE, _) => (Reason::SourceNotReady, "it does not serve now"),
        (StatusCode::UNPROCESSABLE_ENTITY, _) => (Reason::StatementFailed, "the query cannot be evaluated"),
        _ => (Reason::StatementFailed, "no result"),
    };
    unexpected(reason, format!("Prometheus answered {status}: {why}"))
}

fn unexpected(reason: Reason, message: String) -> QueryError {
    QueryError {
        kind: QueryErrorKind::UnexpectedResponse,
        failure: Failure::new(reason, message),
    }
}
