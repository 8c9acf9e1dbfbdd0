//! What follows from each answer over gRPC, by a server that says what it is told to.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use service_ping::emit::job_telemetry::{Counts, DropReason, ErrorClass};

use crate::jobs::{destination, quick, told};

/// What one call is answered with.
#[derive(Debug, Clone)]
enum Say {
    Message(&'static [u8]),
    Code(u32),
    /// A code, and the trailer with its details in base64.
    Details(u32, &'static str),
    Http(u16),
    Cut,
}

struct Server {
    url: String,
    calls: Arc<Mutex<Vec<(HeaderMap, String, Bytes)>>>,
}

fn serve(says: &[Say]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("grpc://{}", listener.local_addr().expect("an address"));
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (says, theirs) = (Arc::new(Mutex::new(VecDeque::from(says.to_vec()))), Arc::clone(&calls));
    std::thread::spawn(move || {
        crate::jobs::runtime().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let (says, calls) = (Arc::clone(&says), Arc::clone(&theirs));
                let service = service_fn(move |request| answer(request, Arc::clone(&says), Arc::clone(&calls)));
                let served = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
                tokio::spawn(served);
            }
        });
    });
    Server { url, calls }
}

type Calls = Arc<Mutex<Vec<(HeaderMap, String, Bytes)>>>;
type Body = http_body_util::combinators::BoxBody<Bytes, std::io::Error>;

async fn answer(
    request: Request<Incoming>,
    says: Arc<Mutex<VecDeque<Say>>>,
    calls: Calls,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    calls
        .lock()
        .unwrap()
        .push((head.headers, head.uri.path().to_owned(), body));
    let say = says.lock().unwrap().pop_front().unwrap_or(Say::Message(b""));
    let mut trailers = HeaderMap::new();
    let mut message = Bytes::new();
    let mut response = Response::builder().header("content-type", "application/grpc");
    match say {
        Say::Message(bytes) => {
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            message = [&[0], length.as_slice(), bytes].concat().into();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
        }
        Say::Code(code) => response = response.header("grpc-status", code.to_string()),
        Say::Details(code, details) => {
            trailers.insert("grpc-status", HeaderValue::from_str(&code.to_string()).unwrap());
            trailers.insert("grpc-status-details-bin", HeaderValue::from_static(details));
        }
        Say::Http(status) => response = response.status(status),
        Say::Cut => {
            let cut = std::io::Error::other("cut");
            let frames = Full::new(Bytes::from_static(b"\0\0")).map_err(|never| match never {});
            return Ok(response
                .body(frames.with_trailers(async { Some(Err(cut)) }).boxed())
                .unwrap());
        }
    }
    let body = Full::new(message).map_err(|never| match never {});
    Ok(response
        .body(body.with_trailers(async { Some(Ok(trailers)) }).boxed())
        .unwrap())
}

fn answered(says: &[Say]) -> (Counts, usize) {
    let server = serve(says);
    let counts = told(&destination(&server.url), quick());
    let calls = server.calls.lock().unwrap().len();
    (counts, calls)
}

/// RetryInfo with a delay of a second, and of 9000, in google.rpc.Status: protobuf by hand (field numbers of googleapis).
fn details(seconds: &[u8]) -> &'static str {
    use base64::Engine;
    let info = [&[10, u8::try_from(seconds.len() + 1).unwrap(), 8], seconds].concat();
    let name = b"type.googleapis.com/google.rpc.RetryInfo";
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let any = [&[10, length(name)], name.as_slice(), &[18, length(&info)], &info].concat();
    let status = [&[8, 14, 18, 1, b'x', 26, length(&any)], any.as_slice()].concat();
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(status).leak()
}

#[test]
fn a_call_is_as_grpc_has_it() {
    let server = serve(&[]);
    assert_eq!(told(&destination(&server.url), quick()).exported, 1);
    let (headers, path, body) = server.calls.lock().unwrap().remove(0);
    assert_eq!(path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    assert_eq!(
        (&headers["content-type"], &headers["te"]),
        (&"application/grpc".parse().unwrap(), &"trailers".parse().unwrap())
    );
    let length = u32::from_be_bytes(body[1..5].try_into().unwrap());
    assert_eq!((body[0], length as usize), (0, body.len() - 5));
}

#[test]
fn each_code_is_tried_again_or_given_up() {
    for code in [1, 4, 10, 11, 14, 15] {
        let (counts, calls) = answered(&[Say::Code(code), Say::Code(code)]);
        assert_eq!(
            (counts.exported, counts.retries, calls),
            (1, 2, 3),
            "{code}: {counts:?}"
        );
    }
    for code in [2, 3, 5, 6, 8, 9, 12, 13, 99] {
        let (counts, calls) = answered(&[Say::Code(code)]);
        assert_eq!(
            (counts.dropped.get(&DropReason::Refused), calls),
            (Some(&1), 1),
            "{code}: {counts:?}"
        );
    }
    for code in [7, 16] {
        let (counts, calls) = answered(&[Say::Code(code)]);
        assert_eq!(
            (counts.dropped.get(&DropReason::Auth), calls),
            (Some(&1), 1),
            "{code}: {counts:?}"
        );
    }
}

#[test]
fn retry_info_is_waited_for() {
    for code in [8, 14] {
        let (counts, calls) = answered(&[Say::Details(code, details(&[1]))]);
        assert_eq!(
            (counts.exported, calls, counts.errors[&ErrorClass::Throttled]),
            (1, 2, 1),
            "{counts:?}"
        );
        assert!((950..=1000).contains(&counts.throttled.as_millis()), "{counts:?}");
    }
    // 9000 as a varint.
    let (counts, calls) = answered(&[Say::Details(14, details(&[0xa8, 0x46]))]);
    assert_eq!(
        (counts.dropped.get(&DropReason::ThrottledExpired), calls),
        (Some(&1), 1),
        "{counts:?}"
    );
    for nonsense in ["", "!!", "AAAA"] {
        let (counts, _) = answered(&[Say::Details(14, nonsense)]);
        assert_eq!(counts.exported, 1, "{nonsense}: {counts:?}");
    }
}

#[test]
fn a_partial_success_is_not_sent_again() {
    let (counts, calls) = answered(&[Say::Message(&[10, 7, 8, 1, 18, 3, b'n', b'o', b'!'])]);
    assert_eq!((counts.rejected, counts.exported, calls), (1, 0, 1));
    let (counts, calls) = answered(&[Say::Message(&[10, 2, 18, 0])]);
    assert_eq!((counts.rejected, counts.exported, calls), (0, 1, 1));
}

#[test]
fn a_proxy_that_speaks_http_is_understood() {
    for status in [429, 502, 503, 504] {
        let (counts, calls) = answered(&[Say::Http(status)]);
        assert_eq!((counts.exported, calls), (1, 2), "{status}: {counts:?}");
    }
    for status in [200, 400, 404, 500] {
        let (counts, calls) = answered(&[Say::Http(status)]);
        assert_eq!((counts.dropped(), calls), (1, 1), "{status}: {counts:?}");
    }
    let (counts, calls) = answered(&[Say::Cut]);
    assert_eq!((counts.exported, calls), (1, 2), "{counts:?}");
}
