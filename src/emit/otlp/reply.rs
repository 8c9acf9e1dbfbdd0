//! What a collector answers.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use reqwest::Response;
use reqwest::header::RETRY_AFTER;

use super::collector::CollectorError;

/// A reply is a number and a sentence; what is longer is none.
const LONGEST: usize = 64 * 1024;

/// How many of the spans were not taken.
///
/// # Errors
/// The collector refused them all, or what it said is no answer.
pub(super) async fn rejected(response: Response) -> Result<u64, CollectorError> {
    let status = response.status();
    if !status.is_success() {
        return Err(CollectorError::Refused {
            status: status.as_u16(),
            retry_after: retry_after(&response),
        });
    }
    let body = body(response).await?;
    let reply = ExportTraceServiceResponse::decode(body.as_slice()).map_err(|_| CollectorError::NoCollector)?;
    let rejected = reply.partial_success.map_or(0, |partial| partial.rejected_spans);
    Ok(u64::try_from(rejected).unwrap_or_default())
}

/// A wait in seconds; a date is not waited for.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

async fn body(mut response: Response) -> Result<Vec<u8>, CollectorError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(CollectorError::from)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(CollectorError::NoCollector);
        }
    }
    Ok(body)
}
