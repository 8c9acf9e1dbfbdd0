//! What a collector answers, over HTTP and over gRPC.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::SystemTime;

use hyper::body::Body;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::rpc_status::retry_delay;
use super::verdict::{Answer, code_of_status};
use crate::http::parse_retry_after;

/// A reply is a number and a sentence; what is longer is none.
const LONGEST: usize = 64 * 1024;

/// The answer to a request of OTLP/HTTP.
pub(super) async fn of_http(mut response: Response) -> Answer {
    let status = response.status();
    if !status.is_success() {
        return Answer::Http {
            status: status.as_u16(),
            retry_after: text(response.headers(), RETRY_AFTER.as_str())
                .and_then(|header| parse_retry_after(header, SystemTime::now())),
        };
    }
    let is_json = text(response.headers(), CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("json"));
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) => return Answer::Nothing,
        }
        if body.len() > LONGEST {
            return Answer::NoCollector;
        }
    }
    let taken = if is_json { taken_json(&body) } else { taken(&body) };
    taken.unwrap_or(Answer::NoCollector)
}

/// The answer to a call of OTLP/gRPC: a message, and how it went in the trailers, or in the headers where there is no message.
pub(super) async fn of_grpc(response: Response) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let Some((body, trailers)) = read(response).await else {
        return Answer::Nothing;
    };
    let said = |name: &str| text(&trailers, name).or_else(|| text(&headers, name));
    let code = match said("grpc-status") {
        Some(code) => code.parse().unwrap_or(code_of_status(0)),
        None if status == 200 => return Answer::NoCollector,
        None => code_of_status(status),
    };
    if code != 0 {
        let asked = said("grpc-status-details-bin").and_then(retry_delay);
        let header =
            text(&headers, RETRY_AFTER.as_str()).and_then(|header| parse_retry_after(header, SystemTime::now()));
        return Answer::Grpc {
            code,
            retry_delay: asked.or(header),
        };
    }
    match body.split_first_chunk::<5>() {
        // We said of no compression that we would read it.
        Some(([0, ..], message)) => taken(message).unwrap_or(Answer::NoCollector),
        _ => Answer::NoCollector,
    }
}

/// Body and trailers; `None` where it breaks off or has no end.
async fn read(response: Response) -> Option<(Vec<u8>, HeaderMap)> {
    let mut body = reqwest::Body::from(response);
    let (mut bytes, mut trailers) = (Vec::new(), HeaderMap::new());
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = match frame.ok()?.into_data() {
            Ok(data) => {
                bytes.extend_from_slice(&data);
                if bytes.len() > LONGEST {
                    return None;
                }
                continue;
            }
            Err(frame) => frame,
        };
        if let Ok(found) = frame.into_trailers() {
            trailers = found;
        }
    }
    Some((bytes, trailers))
}

fn taken(body: &[u8]) -> Option<Answer> {
    let reply = ExportTraceServiceResponse::decode(body).ok()?;
    let partial = reply.partial_success.unwrap_or_default();
    Some(Answer::Taken {
        rejected: u64::try_from(partial.rejected_spans).unwrap_or_default(),
        message: partial.error_message,
    })
}

fn taken_json(body: &[u8]) -> Option<Answer> {
    if body.is_empty() {
        return taken(body);
    }
    let reply: Value = serde_json::from_slice(body).ok()?;
    let partial = reply.as_object()?.get("partialSuccess");
    let part = |name| partial.and_then(|partial| partial.get(name));
    let rejected = part("rejectedSpans");
    Some(Answer::Taken {
        // 64 bits are a text in OTLP's JSON.
        rejected: rejected
            .and_then(|number| number.as_u64().or_else(|| number.as_str()?.parse().ok()))
            .unwrap_or_default(),
        message: part("errorMessage")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
