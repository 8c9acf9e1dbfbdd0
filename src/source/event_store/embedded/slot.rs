//! One key in memory, while a batch is applied to it.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::Instant;
use super::number::Number;
use crate::keyspace::{Change, Life};
use crate::measure::{Failure, Reason};
use crate::sketch::HyperLogLog;

/// A key as it was read, and what became of it since.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// `None` for an absent key.
    pub(super) held: Option<Held>,
    pub(super) expires_at: Option<Instant>,
    pub(super) changes: Changes,
}

/// What a key holds.
#[derive(Debug)]
pub(super) enum Held {
    Number(Number),
    /// Those fields that the batch names.
    Fields(BTreeMap<String, i64>),
    Sketch(HyperLogLog),
    /// A sketch or a number whose stored form is damaged.
    Damaged(Kind),
}

/// The kinds of keys, under the names that the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "snake_case")]
pub(super) enum Kind {
    Number,
    Fields,
    Sketch,
}

/// What must be written down.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The key is there with what it held before it expired, which must go.
    pub(super) restarted: bool,
    /// Its number or its expiry, or that it is there at all.
    pub(super) entry: bool,
    pub(super) sketch: bool,
    pub(super) fields: BTreeSet<String>,
}

/// Why a key refuses a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    OtherKind { holds: &'static str, wants: &'static str },
    Damaged(Kind),
    Overflow,
}

impl Held {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Held::Number(_) => Kind::Number,
            Held::Fields(_) => Kind::Fields,
            Held::Sketch(_) => Kind::Sketch,
            Held::Damaged(kind) => *kind,
        }
    }
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Number => "a counter or a sum",
            Kind::Fields => "a hash",
            Kind::Sketch => "a sketch",
        }
    }
}

impl Refusal {
    pub(super) fn of(self, key: &str) -> Failure {
        match self {
            Refusal::OtherKind { holds, wants } => other_kind(key, holds, wants),
            Refusal::Damaged(kind) => damaged(key, kind),
            Refusal::Overflow => Failure::new(
                Reason::Overflow,
                format!("the write would take {key:?} out of the range of its numbers, and was left out"),
            ),
        }
    }
}

pub(super) fn other_kind(key: &str, holds: &str, wants: &str) -> Failure {
    Failure::new(Reason::WrongKeyType, format!("{key:?} holds {holds}, not {wants}"))
}

pub(super) fn damaged(key: &str, kind: Kind) -> Failure {
    let reason = match kind {
        Kind::Sketch => Reason::CorruptSketch,
        Kind::Number | Kind::Fields => Reason::WrongKeyType,
    };
    Failure::new(reason, format!("{key:?} holds {} that is damaged", kind.name()))
}

impl Slot {
    pub(super) fn new(held: Held, expires_at: Option<Instant>) -> Slot {
        Slot {
            held: Some(held),
            expires_at,
            changes: Changes::default(),
        }
    }

    /// Forgets what the key held, if its time is over.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.expires_at.is_some_and(|expiry| expiry <= now) {
            *self = Slot::default();
            self.changes.restarted = true;
        }
    }

    /// Applies one write, or leaves all as it was.
    pub(super) fn apply(&mut self, change: &Change, life: Life, now: Instant) -> Result<(), Refusal> {
        self.expire(now);
        match change {
            Change::Add(elements) => self.add_elements(elements)?,
            Change::Increment(by) => self.increment(*by)?,
            Change::IncrementFloat(by) => self.increase(Number::from_float(*by).ok_or(Refusal::Overflow)?)?,
            Change::IncrementField { field, by } => self.increment_field(field, *by)?,
        }
        self.changes.entry |= self.renew(life, now);
        Ok(())
    }

    /// Sets the expiry that a write brings, and says whether it is another.
    fn renew(&mut self, life: Life, now: Instant) -> bool {
        let before = self.expires_at;
        match life {
            Life::Forever => {}
            Life::Renewed(duration) => self.expires_at = Some(now.after(duration)),
            Life::Fixed(duration) => self.expires_at = before.or(Some(now.after(duration))),
        }
        self.expires_at != before
    }

    /// Lets the key live as long as the longer of both, for ever where one of them does.
    pub(super) fn live_at_least(&mut self, expiry: Option<Instant>, is_new: bool) {
        let longer = match (self.expires_at, expiry) {
            _ if is_new => expiry,
            (Some(ours), Some(theirs)) => Some(ours.max(theirs)),
            _ => None,
        };
        self.changes.entry |= longer != self.expires_at;
        self.expires_at = longer;
    }

    fn add_elements(&mut self, elements: &[Vec<u8>]) -> Result<(), Refusal> {
        self.change_sketch(|sketch| {
            elements
                .iter()
                .fold(false, |changed, element| sketch.add(element) | changed)
        })
    }

    pub(super) fn merge(&mut self, other: &HyperLogLog) -> Result<(), Refusal> {
        self.change_sketch(|sketch| {
            let before = sketch.clone();
            sketch.merge(other);
            *sketch != before
        })
    }

    fn change_sketch(&mut self, change: impl FnOnce(&mut HyperLogLog) -> bool) -> Result<(), Refusal> {
        let is_new = self.held.is_none();
        match self.held.get_or_insert_with(|| Held::Sketch(HyperLogLog::new())) {
            Held::Sketch(sketch) => {
                self.changes.sketch |= change(sketch) || is_new;
                self.changes.entry |= is_new;
                Ok(())
            }
            other => Err(refused(other, Kind::Sketch)),
        }
    }

    fn increment(&mut self, by: i64) -> Result<(), Refusal> {
        let sum = match self.number()? {
            Number::Integer(integer) => integer.checked_add(by).ok_or(Refusal::Overflow)?,
            Number::Decimal(_) | Number::Float(_) => {
                return Err(Refusal::OtherKind {
                    holds: "a sum",
                    wants: "a counter",
                });
            }
        };
        self.hold(Number::Integer(sum));
        Ok(())
    }

    /// Raises a counter or a sum.
    pub(super) fn increase(&mut self, by: Number) -> Result<(), Refusal> {
        let sum = self.number()?.plus(by).ok_or(Refusal::Overflow)?;
        self.hold(sum);
        Ok(())
    }

    fn number(&self) -> Result<Number, Refusal> {
        match &self.held {
            None => Ok(Number::ZERO),
            Some(Held::Number(number)) => Ok(*number),
            Some(other) => Err(refused(other, Kind::Number)),
        }
    }

    fn hold(&mut self, number: Number) {
        self.held = Some(Held::Number(number));
        self.changes.entry = true;
    }

    pub(super) fn increment_field(&mut self, field: &str, by: i64) -> Result<(), Refusal> {
        let none = BTreeMap::new();
        let fields = match &self.held {
            None => &none,
            Some(Held::Fields(fields)) => fields,
            Some(other) => return Err(refused(other, Kind::Fields)),
        };
        let before = fields.get(field).copied().unwrap_or_default();
        let sum = before.checked_add(by).ok_or(Refusal::Overflow)?;
        self.changes.entry |= self.held.is_none();
        self.changes.fields.insert(field.to_owned());
        if let Held::Fields(fields) = self.held.get_or_insert_with(|| Held::Fields(BTreeMap::new())) {
            fields.insert(field.to_owned(), sum);
        }
        Ok(())
    }
}

fn refused(held: &Held, wants: Kind) -> Refusal {
    match held {
        Held::Damaged(kind) if *kind == wants => Refusal::Damaged(wants),
        other => Refusal::OtherKind {
            holds: other.kind().name(),
            wants: wants.name(),
        },
    }
}
