//! Finding the primary that Sentinels know by a name.

use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, RedisError, ServerErrorKind, Value, cmd};

use super::address::{Sentinels, relocated};
use super::link::Dialer;
use super::refusal::of_connection;
use crate::measure::{Failure, Reason};

/// A connection to the current primary: the first Sentinel that answers is believed, if the server itself agrees.
///
/// # Errors
/// No Sentinel answers, none knows the name, or whom they name is no primary, as in the middle of a failover.
pub(super) async fn open_primary(sentinels: &Sentinels, dialer: &Dialer) -> Result<MultiplexedConnection, Failure> {
    let mut last = unknown(&sentinels.primary);
    for sentinel in &sentinels.sentinels {
        match open_by(sentinel, sentinels, dialer).await {
            Ok(connection) => return Ok(connection),
            Err(failure) => last = failure,
        }
    }
    Err(last)
}

async fn open_by(
    sentinel: &ConnectionInfo,
    sentinels: &Sentinels,
    dialer: &Dialer,
) -> Result<MultiplexedConnection, Failure> {
    let (host, port) = ask(sentinel, sentinels, dialer).await?;
    let name = format!("{host}:{port}");
    let info = relocated(sentinel, host, port).set_redis_settings(sentinels.login.clone());
    let unreachable = |error: RedisError| of_connection(&error, &name, false);
    let mut connection = dialer.open(info).await.map_err(unreachable)?;
    let role: Value = cmd("ROLE").query_async(&mut connection).await.map_err(unreachable)?;
    if first_word(&role).as_deref() == Some("master") {
        return Ok(connection);
    }
    Err(Failure::new(
        Reason::SourceNotReady,
        format!("Redis at {name} is named as the primary but is a replica: a failover is going on"),
    ))
}

/// Host and port of the primary, from one Sentinel.
async fn ask(sentinel: &ConnectionInfo, sentinels: &Sentinels, dialer: &Dialer) -> Result<(String, u16), Failure> {
    let name = sentinel.addr().to_string();
    let answer = match ask_as(sentinel.clone(), &sentinels.primary, dialer).await {
        // Most Sentinels ask for no password, and refuse one; the others say so.
        Err(error) if error.code() == Some("NOAUTH") => {
            let login = sentinels.login.clone().set_db(0);
            ask_as(sentinel.clone().set_redis_settings(login), &sentinels.primary, dialer).await
        }
        answer => answer,
    };
    let answer = answer.map_err(|error| match error.kind() {
        redis::ErrorKind::Server(ServerErrorKind::ResponseError) => Failure::new(
            Reason::SourceUnavailable,
            format!("{name} is no Sentinel: check the url, or write redis://"),
        ),
        _ => of_connection(&error, &name, false),
    })?;
    answer.ok_or_else(|| unknown(&sentinels.primary))
}

async fn ask_as(info: ConnectionInfo, primary: &str, dialer: &Dialer) -> Result<Option<(String, u16)>, RedisError> {
    let mut connection = dialer.open(info).await?;
    let mut question = cmd("SENTINEL");
    question.arg("get-master-addr-by-name").arg(primary);
    question.query_async(&mut connection).await
}

fn first_word(role: &Value) -> Option<String> {
    match role {
        Value::Array(items) => match items.first()? {
            Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Value::SimpleString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn unknown(primary: &str) -> Failure {
    Failure::new(
        Reason::SourceUnavailable,
        format!("no Sentinel knows a primary named {primary:?}: compare SENTINEL MASTERS in redis-cli"),
    )
}
