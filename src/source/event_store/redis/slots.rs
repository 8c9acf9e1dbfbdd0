//! Which node has which slots.

use std::collections::BTreeMap;
use std::sync::Arc;

use redis::Value;

use super::link::Link;
use super::slot::SLOTS;
use crate::measure::{Failure, Reason};

/// The nodes by the last slot of each of their ranges.
#[derive(Default)]
pub(super) struct Slots(pub(super) BTreeMap<u16, (u16, Arc<Link>)>);

impl Slots {
    pub(super) fn owner(&self, slot: u16) -> Option<&Arc<Link>> {
        let (_, (first, link)) = self.0.range(slot..).next()?;
        (*first <= slot).then_some(link)
    }
}

/// Slots and the node that has them.
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) host: String,
    pub(super) port: u16,
}

/// One entry of CLUSTER SLOTS: first and last slot, then the primary, then its replicas.
pub(super) fn range_of(entry: &Value, from: &Link) -> Option<Range> {
    let Value::Array(entry) = entry else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(primary), ..] = entry.as_slice() else {
        return None;
    };
    let [host, Value::Int(port), ..] = primary.as_slice() else {
        return None;
    };
    let host = match host {
        Value::BulkString(host) if !host.is_empty() && host != b"?" => String::from_utf8_lossy(host).into_owned(),
        // A node that does not know its own name is where it was asked.
        _ => from.name.rsplit_once(':')?.0.to_owned(),
    };
    let last = u16::try_from(*last).ok().filter(|&last| last < SLOTS)?;
    Some(Range {
        first: u16::try_from(*first).ok()?,
        last,
        host,
        port: u16::try_from(*port).ok()?,
    })
}

pub(super) fn unserved(why: &str) -> Failure {
    Failure::new(
        Reason::SourceNotReady,
        format!("the cluster is incomplete: {why}; see CLUSTER INFO in redis-cli"),
    )
}
