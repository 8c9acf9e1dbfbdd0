//! Changes that must not be applied twice: counters, sums and fields.
//!
//! A script applies those of one slot and notes the batch beside them, in one step of the server: a batch that is sent
//! again, even while its first attempt still waits in a socket somewhere, finds itself noted.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use redis::{Cmd, Value, cmd};

use super::refusal::{Refusal, may_pass, of_server};
use super::router::{Answer, Command, Router};
use super::slot::{beside, slot_of};
use crate::keyspace::{Change, Life};
use crate::measure::{Failure, Reason};
use crate::source::event_store::Batch;

/// Changes of one script.
const CHUNK: usize = 250;
/// Scripts of one round trip.
const SCRIPTS: usize = 100;

/// What was applied: a sorted set of batches by time, the newest thousand of each slot, for a day.
const APPLIED: &str = "service_ping:applied";

/// KEYS: the batches applied; what failed in this one; the key of each change. ARGV: the batch, the time; then command,
/// number, field, expiry mode and seconds of each change. Answers a line for each change that failed: its number, then
/// the error.
const APPLY: &str = r"
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return redis.call('GET', KEYS[2]) or '' end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1001)
redis.call('EXPIRE', KEYS[1], 86400)
local failed = {}
for i = 3, #KEYS do
  local command, number, field, mode, seconds = unpack(ARGV, 5 * i - 12, 5 * i - 8)
  local result
  if command == 'HINCRBY' then
    result = redis.pcall(command, KEYS[i], field, number)
  else
    result = redis.pcall(command, KEYS[i], number)
  end
  if type(result) == 'table' and result.err then
    failed[#failed + 1] = (i - 3) .. ' ' .. result.err
  elseif mode == 'renew' or (mode == 'keep' and redis.call('TTL', KEYS[i]) == -1) then
    redis.call('EXPIRE', KEYS[i], seconds)
  end
end
local report = table.concat(failed, '\n')
if report ~= '' then redis.call('SET', KEYS[2], report, 'EX', 86400) end
return report
";

/// The changes of a batch that must not be applied twice, those of a slot together.
pub(super) struct Counters<'a>(Vec<Vec<Counter<'a>>>);

/// One change, and the writes that it stands for.
pub(super) struct Counter<'a> {
    key: &'a str,
    change: Number<'a>,
    life: Life,
    writes: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Number<'a> {
    Whole(i64),
    Float(f64),
    Field(&'a str, i64),
}

impl<'a> Counters<'a> {
    pub(super) fn of(batch: &'a Batch, router: &Router) -> Counters<'a> {
        let mut slots: BTreeMap<u16, Vec<Counter<'a>>> = BTreeMap::new();
        let mut places: HashMap<(&str, Option<&str>, Life), usize> = HashMap::new();
        for (write, wanted) in batch.writes.iter().enumerate() {
            let (change, field) = match &wanted.change {
                Change::Add(_) => continue,
                Change::Increment(by) => (Number::Whole(*by), None),
                Change::IncrementFloat(by) => (Number::Float(*by), None),
                Change::IncrementField { field, by } => (Number::Field(field, *by), Some(field.as_str())),
            };
            // A server that is no cluster takes all in one script.
            let slot = if router.is_cluster() { slot_of(&wanted.key) } else { 0 };
            let counters = slots.entry(slot).or_default();
            let known = places.get(&(wanted.key.as_str(), field, wanted.life));
            if let Some(counter) = known.and_then(|&place| counters.get_mut(place))
                && let Some(sum) = counter.change.plus(change)
            {
                counter.change = sum;
                counter.writes.push(write);
                continue;
            }
            places.insert((&wanted.key, field, wanted.life), counters.len());
            counters.push(Counter {
                key: &wanted.key,
                change,
                life: wanted.life,
                writes: vec![write],
            });
        }
        Counters(slots.into_values().collect())
    }
}

impl Number<'_> {
    /// Both in one, where that is exact.
    fn plus(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Number::Whole(one), Number::Whole(other)) => one.checked_add(other).map(Number::Whole),
            (Number::Field(field, one), Number::Field(_, other)) => {
                one.checked_add(other).map(|sum| Number::Field(field, sum))
            }
            _ => None,
        }
    }
}

/// Applies the changes; gives the writes that failed.
///
/// # Errors
/// A server could not be reached, or broke off.
pub(super) async fn apply(
    router: &Router,
    counters: &Counters<'_>,
    batch: &Batch,
) -> Result<Vec<(usize, Failure)>, Failure> {
    let scripts: Vec<(usize, &[Counter<'_>])> = counters
        .0
        .iter()
        .flat_map(|counters| counters.chunks(CHUNK).enumerate())
        .collect();
    let mut failed = Vec::new();
    for scripts in scripts.chunks(SCRIPTS) {
        let commands = scripts.iter().filter_map(|&(number, counters)| {
            let first = counters.first()?;
            Some(Command {
                slot: slot_of(first.key),
                cmd: script(&Marker::of(router, batch, number, first.key), counters),
            })
        });
        let answers = router.send(commands.collect()).await;
        for (&(_, counters), answer) in scripts.iter().zip(answers) {
            failed.extend(failures(counters, answer)?);
        }
    }
    Ok(failed)
}

/// Where it is noted that a part of a batch was applied.
struct Marker {
    applied: String,
    failed: String,
    name: String,
}

impl Marker {
    /// The keys hold no name of an event, unless a cluster's slot asks for its tag.
    fn of(router: &Router, batch: &Batch, number: usize, key: &str) -> Marker {
        let name = format!("{}:{number}", batch.id);
        let noted = |prefix: &str| {
            if router.is_cluster() {
                beside(prefix, key)
            } else {
                prefix.to_owned()
            }
        };
        Marker {
            applied: noted(APPLIED),
            failed: noted(&format!("service_ping:failed:{name}")),
            name,
        }
    }
}

fn script(marker: &Marker, counters: &[Counter<'_>]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(APPLY).arg(counters.len() + 2);
    command.arg(&marker.applied).arg(&marker.failed);
    for counter in counters {
        command.arg(counter.key);
    }
    command.arg(&marker.name).arg(milliseconds());
    for counter in counters {
        match counter.change {
            Number::Whole(by) => command.arg("INCRBY").arg(by).arg(""),
            Number::Float(by) => command.arg("INCRBYFLOAT").arg(by.to_string()).arg(""),
            Number::Field(field, by) => command.arg("HINCRBY").arg(by).arg(field),
        };
        match counter.life {
            Life::Forever => command.arg("").arg(0),
            Life::Renewed(life) => command.arg("renew").arg(life.as_secs()),
            Life::Fixed(life) => command.arg("keep").arg(life.as_secs()),
        };
    }
    command
}

fn milliseconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// The writes that failed, by the script's report.
fn failures(counters: &[Counter<'_>], answer: Answer) -> Result<Vec<(usize, Failure)>, Failure> {
    let report = match answer {
        Ok(Value::BulkString(report)) => report,
        Ok(_) => {
            return Err(Failure::new(
                Reason::StatementFailed,
                "a script gave an unforeseen answer",
            ));
        }
        Err(refusal) => return all_failed(counters, &refusal),
    };
    let report = String::from_utf8_lossy(&report);
    let mut failed = Vec::new();
    for line in report.lines() {
        let Some((number, error)) = line.split_once(' ') else {
            continue;
        };
        let Some(counter) = number.parse().ok().and_then(|number: usize| counters.get(number)) else {
            continue;
        };
        let (code, details) = error.split_once(' ').unwrap_or((error, ""));
        let failure = of_server(code, details);
        let failure = Failure::new(failure.reason, format!("{:?}: {}", counter.key, failure.message));
        failed.extend(counter.writes.iter().map(|&write| (write, failure.clone())));
    }
    Ok(failed)
}

/// A script that did not run: nothing of it was applied, and where that may pass the batch is to be written again.
fn all_failed(counters: &[Counter<'_>], refusal: &Refusal) -> Result<Vec<(usize, Failure)>, Failure> {
    let failure = refusal.failure();
    if may_pass(failure.reason) {
        return Err(failure);
    }
    let writes = counters.iter().flat_map(|counter| counter.writes.iter());
    Ok(writes.map(|&write| (write, failure.clone())).collect())
}
