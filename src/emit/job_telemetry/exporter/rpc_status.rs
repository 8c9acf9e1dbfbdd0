//! `google.rpc.Status`, as far as a collector's wait is said in it.

use std::time::Duration;

use prost::Message;

use crate::emit::snowplow::decode_base64;

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

const RETRY_INFO: &str = "/google.rpc.RetryInfo";

/// The wait that the trailer `grpc-status-details-bin` asks for; a RetryInfo without one asks for none in particular.
pub(super) fn retry_delay(trailer: &str) -> Option<Duration> {
    let status = Status::decode(decode_base64(trailer)?.as_slice()).ok()?;
    let info = status.details.iter().find(|any| any.type_url.ends_with(RETRY_INFO))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay;
    let Some(delay) = delay else {
        return Some(Duration::ZERO);
    };
    let seconds = u64::try_from(delay.seconds).unwrap_or_default();
    Some(Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(delay.nanos).unwrap_or_default()))
}
