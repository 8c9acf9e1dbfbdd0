//! The names that this server is asked by. A page of another site can make a name of its own lead here, and would then be
//! of the same origin as ours: the name gives it away.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::ApiError;
use super::shared::Shared;

pub(super) async fn of_this_server(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = header.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    if host.is_none_or(|host| is_ours(host, &shared.sight.access.hosts)) {
        return next.run(request).await;
    }
    let message = "this server is not asked by that name: add it to [server] hosts";
    ApiError::new(StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

fn is_ours(host: &str, ours: &[String]) -> bool {
    let Ok(uri) = host.parse::<Uri>() else { return false };
    let Some(name) = uri.host() else { return false };
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    name == "localhost" || name.parse::<IpAddr>().is_ok() || ours.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn addresses_and_named_hosts_are_ours() {
        let ours = ["ping.example.com".to_owned()];
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:9092",
            "[::1]:9092",
            "10.0.0.1",
            "Ping.example.com:443",
        ] {
            assert!(is_ours(host, &ours), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "ping.example.com.evil.example",
            "",
            "a b",
            "127.0.0.1.evil",
        ] {
            assert!(!is_ours(host, &ours), "{host}");
        }
    }
}
