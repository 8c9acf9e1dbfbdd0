//! Where a Redis is: one server, a cluster, or a primary that Sentinels know.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};

use crate::measure::{Failure, Reason};

const SENTINEL_PORT: &str = "26379";

/// A parsed address.
pub(super) struct Address {
    /// The address without its secrets.
    pub(super) shown: String,
    pub(super) place: Place,
    /// Whether any connection is.
    pub(super) is_encrypted: bool,
}

/// Who is to be asked.
pub(super) enum Place {
    Server(ConnectionInfo),
    /// Some nodes of a cluster, which know the others; each is logged in to as the pattern is.
    Cluster {
        pattern: ConnectionInfo,
        seeds: Vec<ConnectionInfo>,
    },
    Sentinels(Sentinels),
}

/// Sentinels, and the primary that they know by a name.
pub(super) struct Sentinels {
    /// Without a login.
    pub(super) sentinels: Vec<ConnectionInfo>,
    pub(super) primary: String,
    /// The primary's login and database; the Sentinels' login where they want one.
    pub(super) login: RedisConnectionInfo,
}

impl Address {
    /// Reads `redis://`, `rediss://`, `redis+unix://`, `unix://`, `redis-cluster://`, `rediss-cluster://`,
    /// `redis-sentinel://` and `rediss-sentinel://`.
    ///
    /// # Errors
    /// [`Reason::SourceUnavailable`] for anything else, without quoting it.
    pub(super) fn parse(url: &str) -> Result<Address, Failure> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| malformed("it has no scheme"))?;
        let (login, hosts) = rest.rsplit_once('@').unwrap_or(("", rest));
        let place = match scheme {
            "redis" | "rediss" | "redis+unix" | "unix" => Place::Server(server(url)?),
            "redis-cluster" => cluster(servers("redis", login, hosts)?)?,
            "rediss-cluster" => cluster(servers("rediss", login, hosts)?)?,
            "redis-sentinel" => Place::Sentinels(sentinels("redis", login, hosts)?),
            "rediss-sentinel" => Place::Sentinels(sentinels("rediss", login, hosts)?),
            _ => return Err(malformed("its scheme is none of Redis'")),
        };
        let hosts = hosts.split(['?', '#']).next().unwrap_or_default();
        Ok(Address {
            shown: format!("{scheme}://{hosts}"),
            place,
            is_encrypted: scheme.starts_with("rediss"),
        })
    }
}

/// One server of a URL that the driver understands.
fn server(url: &str) -> Result<ConnectionInfo, Failure> {
    // The driver's message might quote a part of the address.
    url.into_connection_info()
        .map_err(|_| malformed("write it as redis://user:password@host:port/db, special characters percent-encoded"))
}

fn servers(scheme: &str, login: &str, hosts: &str) -> Result<Vec<ConnectionInfo>, Failure> {
    let hosts = hosts.trim_end_matches('/');
    let login = if login.is_empty() {
        String::new()
    } else {
        format!("{login}@")
    };
    hosts
        .split(',')
        .map(|host| server(&format!("{scheme}://{login}{}", host.trim())))
        .collect()
}

fn cluster(seeds: Vec<ConnectionInfo>) -> Result<Place, Failure> {
    let pattern = seeds.first().cloned();
    let pattern = pattern.ok_or_else(|| malformed("write it as redis-cluster://host:port,host:port"))?;
    Ok(Place::Cluster { pattern, seeds })
}

fn sentinels(scheme: &str, login: &str, hosts: &str) -> Result<Sentinels, Failure> {
    let form = "write it as redis-sentinel://host:port,host:port/name/db";
    let (hosts, path) = hosts.split_once('/').ok_or_else(|| malformed(form))?;
    let (primary, database) = path.split_once('/').unwrap_or((path, ""));
    if primary.is_empty() {
        return Err(malformed(form));
    }
    let hosts: Vec<String> = hosts.split(',').map(|host| with_port(host.trim())).collect();
    // Only for the login and the database; the host is another.
    let login = servers(scheme, login, &format!("localhost/{database}"))?
        .pop()
        .ok_or_else(|| malformed(form))?;
    Ok(Sentinels {
        sentinels: servers(scheme, "", &hosts.join(","))?,
        primary: primary.to_owned(),
        login: login.redis_settings().clone(),
    })
}

fn with_port(host: &str) -> String {
    let after_brackets = host.rsplit(']').next().unwrap_or_default();
    if after_brackets.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:{SENTINEL_PORT}")
    }
}

fn malformed(why: &str) -> Failure {
    Failure::new(
        Reason::SourceUnavailable,
        format!("the url of the event store cannot be read: {why}"),
    )
}

/// The same kind of connection to another host.
pub(super) fn relocated(pattern: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let address = match pattern.addr() {
        ConnectionAddr::TcpTls { insecure, .. } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: None,
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    pattern.clone().set_addr(address)
}

/// Host and port of a server.
pub(super) fn host_and_port(info: &ConnectionInfo) -> (String, u16) {
    match info.addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => (host.clone(), *port),
        other => (other.to_string(), 0),
    }
}
