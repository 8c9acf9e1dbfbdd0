//! Every key that may hold events, a page at a time.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value, cmd};

use super::link::Link;
use super::read::{of_key, text};
use super::router::{Answer, Command, Router, send_to};
use super::slot::slot_of;
use crate::measure::{Failure, Reason};
use crate::sketch::HyperLogLog;
use crate::source::event_store::{Content, Entry, Page};

/// Keys that a server looks at for one page.
const KEYS: usize = 500;
/// Longer strings are no sketch, under whatever `hll-sparse-max-bytes`, and no number.
const LONGEST: i64 = 64 * 1024;
/// Keys of our own: markers, ledgers, the store's name.
const OURS: &str = "service_ping:";

/// One page. The cursor is the server's name and its own cursor, as SCAN gave it.
pub(super) async fn page(router: &Router, cursor: Option<String>) -> Result<Page, Failure> {
    let servers = router.primaries().await?;
    let (server, cursor) = match cursor.as_deref().map(|cursor| cursor.rsplit_once(' ')) {
        None => (servers.first(), "0"),
        Some(Some((name, cursor))) => (servers.iter().find(|link| link.name == name), cursor),
        Some(None) => (None, "0"),
    };
    let server = server.ok_or_else(|| {
        Failure::new(
            Reason::SourceNotReady,
            "the cluster's nodes changed while its keys were read: begin again",
        )
    })?;
    let (cursor, keys) = scan(server, cursor).await?;
    let entries = entries(router, keys).await?;
    let next = if cursor == "0" {
        let mut others = servers.iter().skip_while(|link| link.name != server.name);
        others.nth(1).map(|link| format!("{} 0", link.name))
    } else {
        Some(format!("{} {cursor}", server.name))
    };
    Ok(Page { entries, next })
}

async fn scan(server: &Arc<Link>, cursor: &str) -> Result<(String, Vec<String>), Failure> {
    let mut scan = cmd("SCAN");
    scan.arg(cursor).arg("COUNT").arg(KEYS);
    let answer = send_to(server, std::iter::once(scan)).await.pop();
    let unforeseen = || Failure::new(Reason::StatementFailed, "SCAN gave an unforeseen answer");
    let parts = match answer.ok_or_else(unforeseen)? {
        Ok(Value::Array(parts)) => parts,
        Ok(_) => return Err(unforeseen()),
        Err(refusal) => return Err(refusal.failure()),
    };
    let [next, Value::Array(keys)] = <[Value; 2]>::try_from(parts).map_err(|_| unforeseen())? else {
        return Err(unforeseen());
    };
    let keys = keys.into_iter().filter_map(text).filter(|key| may_hold_events(key));
    Ok((text(next).ok_or_else(unforeseen)?, keys.collect()))
}

/// Keys of events carry a hash tag, or are counters of old.
fn may_hold_events(key: &str) -> bool {
    let has_tag = key.split_once('{').is_some_and(|(_, rest)| rest.contains('}'));
    let is_old = key.starts_with("USAGE_") || key.starts_with("WEB_IDE_");
    (has_tag || is_old) && !key.starts_with(OURS)
}

/// What a key is, as far as its length tells.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Fields,
}

async fn entries(router: &Router, keys: Vec<String>) -> Result<Vec<Entry>, Failure> {
    let kinds = kinds(router, &keys).await?;
    let kept: Vec<(String, Kind)> = keys
        .into_iter()
        .zip(kinds)
        .filter_map(|(key, kind)| Some((key, kind?)))
        .collect();
    let commands = kept.iter().flat_map(|(key, kind)| {
        let fetch = match kind {
            Kind::Text => "GET",
            Kind::Fields => "HGETALL",
        };
        [command(key, fetch), command(key, "PTTL")]
    });
    let mut answers = router.send(commands.collect()).await.into_iter();
    let mut entries = Vec::new();
    for (key, kind) in kept {
        let (Some(content), Some(lives)) = (answers.next(), answers.next()) else {
            break;
        };
        // Between the commands a key may end, or become another.
        if let (Some(content), Some(lives)) = (content_of(kind, known(content)?), lives_of(known(lives)?)) {
            entries.push(Entry { key, content, lives });
        }
    }
    Ok(entries)
}

/// Which keys are worth fetching: strings that are not too long, and hashes.
async fn kinds(router: &Router, keys: &[String]) -> Result<Vec<Option<Kind>>, Failure> {
    let commands = keys
        .iter()
        .flat_map(|key| [command(key, "TYPE"), command(key, "STRLEN")]);
    let mut answers = router.send(commands.collect()).await.into_iter();
    let mut kinds = Vec::with_capacity(keys.len());
    for _ in keys {
        let (Some(kind), Some(length)) = (answers.next(), answers.next()) else {
            break;
        };
        let kind = known(kind)?.and_then(text);
        kinds.push(match (kind.as_deref(), known(length)?) {
            (Some("string"), Some(Value::Int(length))) if length <= LONGEST => Some(Kind::Text),
            (Some("hash"), _) => Some(Kind::Fields),
            _ => None,
        });
    }
    Ok(kinds)
}

fn command(key: &str, name: &str) -> Command {
    let cmd: Cmd = of_key(name, key);
    Command {
        slot: slot_of(key),
        cmd,
    }
}

/// The answer; `None` for a key of another kind. Everything else would leave keys out, and so ends the page.
fn known(answer: Answer) -> Result<Option<Value>, Failure> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(refusal) => {
            let failure = refusal.failure();
            match failure.reason {
                Reason::WrongKeyType => Ok(None),
                _ => Err(failure),
            }
        }
    }
}

fn content_of(kind: Kind, value: Option<Value>) -> Option<Content> {
    match (kind, value?) {
        (Kind::Text, Value::BulkString(bytes)) => content_of_text(&bytes),
        (Kind::Fields, value) => {
            let pairs = value.into_map_iter().ok()?;
            let fields = pairs.map(|(field, value)| Some((text(field)?, text(value)?.parse().ok()?)));
            let fields: std::collections::BTreeMap<String, i64> = fields.collect::<Option<_>>()?;
            (!fields.is_empty()).then_some(Content::Fields(fields))
        }
        _ => None,
    }
}

fn content_of_text(bytes: &[u8]) -> Option<Content> {
    if let Ok(sketch) = HyperLogLog::from_redis_bytes(bytes) {
        return Some(Content::Sketch(Box::new(sketch)));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    if let Ok(count) = text.parse() {
        return Some(Content::Counter(count));
    }
    // Rust also reads "inf" and "nan", which no sum can be.
    let sum: f64 = text.parse().ok()?;
    sum.is_finite().then_some(Content::Sum(sum))
}

/// How long the key lives; the outer `None` where it is gone.
fn lives_of(answer: Option<Value>) -> Option<Option<Duration>> {
    match answer? {
        Value::Int(-1) => Some(None),
        Value::Int(left) => u64::try_from(left).ok().map(|left| Some(Duration::from_millis(left))),
        _ => None,
    }
}
