//! The bytes of a request.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;

use crate::emit::job_telemetry::{JobSpans, Protocol, json};

/// Below this a body is a packet or two, with or without compression.
const WORTH_IT: usize = 1024;
const MIB: usize = 1024 * 1024;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) is_gzip: bool,
    /// Before compression.
    pub(super) length: usize,
}

/// What one request may hold before compression, as collectors are set up by default.
pub(super) fn longest(protocol: Protocol) -> usize {
    match protocol {
        Protocol::Grpc => 4 * MIB,
        Protocol::HttpProtobuf | Protocol::HttpJson => 20 * MIB,
    }
}

/// Spans of several jobs as one request.
pub(super) fn body(protocol: Protocol, jobs: &[&JobSpans]) -> Body {
    let spans = jobs.iter().map(|job| &job.resource_spans);
    let plain = match protocol {
        Protocol::HttpJson => json::request(spans).to_string().into_bytes(),
        Protocol::HttpProtobuf | Protocol::Grpc => protobuf(spans.cloned().collect()),
    };
    let length = plain.len();
    let packed = (length >= WORTH_IT).then(|| gzip(&plain)).flatten();
    let (bytes, is_gzip) = match packed {
        Some(packed) => (packed, true),
        None => (plain, false),
    };
    Body {
        bytes: if protocol == Protocol::Grpc {
            framed(is_gzip, &bytes)
        } else {
            bytes
        },
        is_gzip,
        length,
    }
}

pub(in crate::emit::job_telemetry) fn protobuf(resource_spans: Vec<ResourceSpans>) -> Vec<u8> {
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

/// A message of gRPC: whether it is compressed, its length, itself.
fn framed(is_gzip: bool, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[u8::from(is_gzip)], length.to_be_bytes().as_slice(), message].concat()
}
