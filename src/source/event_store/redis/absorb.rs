//! Taking in what another store holds, however often and wherever a copy is cut short.

use std::collections::HashMap;
use std::time::Duration;

use redis::{Cmd, Value, cmd};

use super::read::text;
use super::router::{Answer, Command, Router};
use super::slot::{beside, slot_of};
use crate::measure::{Failure, Reason};
use crate::source::event_store::{Content, Entry};

/// Entries of one round trip.
const CHUNK: usize = 100;
/// How often a ledger is read anew that another copy of the same origin changed meanwhile.
const ATTEMPTS: usize = 10;

/// The longer life: `existed` says whether the key was there before.
const LIVE: &str = r"
local function live(key, existed, lives)
  local left = redis.call('PTTL', key)
  if lives < 0 then
    if left >= 0 then redis.call('PERSIST', key) end
  elseif existed == 0 or (left >= 0 and left < lives) then
    redis.call('PEXPIRE', key, lives)
  end
end
";

/// KEYS: the key, a name that is free. ARGV: its life in milliseconds or -1, the other's bytes.
const MERGE: &str = r"
local existed = redis.call('EXISTS', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2])
local merged = redis.pcall('PFMERGE', KEYS[1], KEYS[2])
redis.call('DEL', KEYS[2])
if type(merged) == 'table' and merged.err then return merged end
live(KEYS[1], existed, tonumber(ARGV[1]))
return 'OK'
";

/// KEYS: the key, its ledger. ARGV: the command, its life in milliseconds or -1; then field, what the ledger must hold,
/// what it is to hold, and the difference, for each number. The ledger lives a day longer than the key.
const ADD: &str = r"
for i = 3, #ARGV, 4 do
  if (redis.call('HGET', KEYS[2], ARGV[i]) or '') ~= ARGV[i + 1] then return 'changed' end
end
local existed = redis.call('EXISTS', KEYS[1])
local lives = tonumber(ARGV[2])
for i = 3, #ARGV, 4 do
  local result
  if ARGV[1] == 'HINCRBY' then
    result = redis.pcall('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 3])
  else
    result = redis.pcall(ARGV[1], KEYS[1], ARGV[i + 3])
    if ARGV[1] == 'INCRBY' and type(result) == 'table' and result.err and string.find(result.err, 'not an integer') then
      result = redis.pcall('INCRBYFLOAT', KEYS[1], ARGV[i + 3])
    end
  end
  if type(result) == 'table' and result.err then return result end
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 2])
end
if redis.call('EXISTS', KEYS[1]) == 1 then live(KEYS[1], existed, lives) end
local left = redis.call('PTTL', KEYS[1])
if left == -1 then
  redis.call('PERSIST', KEYS[2])
elseif left >= 0 then
  redis.call('PEXPIRE', KEYS[2], left + 86400000)
end
return 'OK'
";

/// Takes in entries; all that can be, also where one fails.
///
/// # Errors
/// The first failure.
pub(super) async fn absorb(router: &Router, origin: &str, entries: &[Entry]) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for entries in entries.chunks(CHUNK) {
        let (sketches, numbers): (Vec<&Entry>, Vec<&Entry>) = entries
            .iter()
            .partition(|entry| matches!(entry.content, Content::Sketch(_)));
        let merged = merge(router, &sketches).await;
        let added = add(router, origin, numbers).await;
        outcome = outcome.and(merged).and(added);
    }
    outcome
}

async fn merge(router: &Router, entries: &[&Entry]) -> Result<(), Failure> {
    let commands = entries.iter().filter_map(|entry| {
        let Content::Sketch(sketch) = &entry.content else {
            return None;
        };
        let mut script = script(
            &format!("{LIVE}{MERGE}"),
            &entry.key,
            &beside("service_ping:absorbing", &entry.key),
        );
        script
            .arg(milliseconds(entry.lives))
            .arg(sketch.to_redis_compact_bytes());
        Some(Command {
            slot: slot_of(&entry.key),
            cmd: script,
        })
    });
    let answers = router.send(commands.collect()).await;
    let mut outcome = Ok(());
    for (entry, answer) in entries.iter().zip(answers) {
        outcome = outcome.and(failed(&entry.key, &answer));
    }
    outcome
}

fn failed(key: &str, answer: &Answer) -> Result<(), Failure> {
    match answer {
        Ok(_) => Ok(()),
        Err(refusal) => Err(refusal.of_key(key)),
    }
}

/// Adds what is new of counters, sums and fields.
async fn add(router: &Router, origin: &str, mut entries: Vec<&Entry>) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for _ in 0..ATTEMPTS {
        if entries.is_empty() {
            return outcome;
        }
        let ledgers = ledgers(router, origin, &entries).await;
        let mut asked = Vec::new();
        let mut commands = Vec::new();
        for (entry, ledger) in entries.iter().zip(ledgers) {
            match ledger {
                Ok(ledger) => {
                    asked.push(*entry);
                    commands.push(addition(origin, entry, &ledger));
                }
                Err(failure) => outcome = outcome.and(Err(failure)),
            }
        }
        let answers = router.send(commands).await;
        entries.clear();
        for (entry, answer) in asked.into_iter().zip(answers) {
            outcome = outcome.and(failed(&entry.key, &answer));
            if answer.ok().and_then(text).as_deref() == Some("changed") {
                entries.push(entry);
            }
        }
    }
    outcome.and(Err(Failure::new(
        Reason::SourceNotReady,
        "another copy of the same store is running: run again when it has ended",
    )))
}

type Ledger = HashMap<String, String>;

async fn ledgers(router: &Router, origin: &str, entries: &[&Entry]) -> Vec<Result<Ledger, Failure>> {
    let commands = entries.iter().map(|entry| Command {
        slot: slot_of(&entry.key),
        cmd: super::read::of_key("HGETALL", &ledger_of(origin, &entry.key)),
    });
    let answers = router.send(commands.collect()).await;
    let read = |(entry, answer): (&&Entry, Answer)| match answer {
        Ok(value) => Ok(ledger(value)),
        Err(refusal) => Err(refusal.of_key(&entry.key)),
    };
    entries.iter().zip(answers).map(read).collect()
}

fn ledger(value: Value) -> Ledger {
    let pairs = value.into_map_iter().into_iter().flatten();
    pairs
        .filter_map(|(field, value)| Some((text(field)?, text(value)?)))
        .collect()
}

/// Beside the key, so that both change in one step.
fn ledger_of(origin: &str, key: &str) -> String {
    // A brace in either would make another hash tag of it.
    let named = |text: &str| text.replace(['{', '}'], "_");
    beside(&format!("service_ping:absorbed:{}:{}", named(origin), named(key)), key)
}

fn addition(origin: &str, entry: &Entry, ledger: &Ledger) -> Command {
    let numbers: Vec<(&str, Number)> = match &entry.content {
        Content::Counter(count) => vec![("", Number::Whole(*count))],
        Content::Sum(sum) => vec![("", Number::Float(*sum))],
        Content::Fields(fields) => fields
            .iter()
            .map(|(field, count)| (field.as_str(), Number::Whole(*count)))
            .collect(),
        Content::Sketch(_) => Vec::new(),
    };
    let name = match &entry.content {
        Content::Fields(_) => "HINCRBY",
        Content::Sum(_) => "INCRBYFLOAT",
        _ => "INCRBY",
    };
    let mut script = script(&format!("{LIVE}{ADD}"), &entry.key, &ledger_of(origin, &entry.key));
    script.arg(name).arg(milliseconds(entry.lives));
    for (field, number) in numbers {
        let known = ledger.get(field).map(String::as_str);
        if let Some(difference) = number.since(known) {
            script.arg(field).arg(known.unwrap_or_default());
            script.arg(number.to_string()).arg(difference.to_string());
        }
    }
    Command {
        slot: slot_of(&entry.key),
        cmd: script,
    }
}

fn script(source: &str, key: &str, other: &str) -> Cmd {
    let mut script = cmd("EVAL");
    script.arg(source).arg(2).arg(key).arg(other);
    script
}

fn milliseconds(lives: Option<Duration>) -> i64 {
    match lives {
        None => -1,
        // 0 would end the key.
        Some(lives) => i64::try_from(lives.as_millis()).unwrap_or(i64::MAX).max(1),
    }
}

#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Float(f64),
}

impl Number {
    /// How much was added since the ledger's number; `None` for nothing, also where the origin lost some of it.
    fn since(self, known: Option<&str>) -> Option<Number> {
        let Some(known) = known else { return Some(self) };
        match (self, known.parse::<i64>()) {
            (Number::Whole(now), Ok(known)) => {
                let difference = now.checked_sub(known).filter(|&difference| difference > 0);
                difference.map(Number::Whole)
            }
            _ => {
                let difference = self.as_float() - known.parse::<f64>().unwrap_or_default();
                (difference > 0.0).then_some(Number::Float(difference))
            }
        }
    }

    fn as_float(self) -> f64 {
        match self {
            Number::Whole(number) => number as f64,
            Number::Float(number) => number,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Whole(number) => number.fmt(f),
            Number::Float(number) => number.fmt(f),
        }
    }
}
