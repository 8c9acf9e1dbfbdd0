//! Several measures read in the same pass over a table: a range at a time, by as many lanes as are free.
//!
//! Each member is added up by itself, once for each range. What fails costs its own member alone: the statement of a range
//! is split until the culprit stands by itself, and the others go on together.

mod claim;
mod failing;
mod kept;

pub(super) use claim::{Claim, Form};
use failing::halves;
pub(super) use kept::{Kept, KeptMember};

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use uuid::Uuid;

use super::added::Added;
use super::journal::Journal;
use super::keys::{KeySet, KeySets};
use super::member::{Asked, Limits, Member, NotAdded, Running};
use super::pace::Pace;
use super::partition::Partition;
use super::piece::{Piece, Way};
use super::ranges::{Next, Ranges, extent};
use super::why::Why;
use crate::measure::{DatabaseMeasure, Failure, Reading, Reason};
use crate::relation::{Aggregate, Dialect, KeyRange, Places, RelationError, SharedFrame, SharedRelation};
use crate::sketch::HyperLogLog;
use crate::source::database::{Cells, Database, DatabaseError, Session, TableInfo};

/// How measures are read together, as it was chosen.
#[derive(Debug)]
pub(super) struct Design<'a> {
    pub(super) members: Vec<Member<'a>>,
    pub(super) relation: SharedRelation,
    pub(super) partition: Partition,
    /// How the rows are split where one statement for all of them takes too long.
    pub(super) otherwise: Option<Partition>,
    /// The measure whose ends are looked for: its window, if it has one, is that of all members.
    pub(super) ends: DatabaseMeasure,
    pub(super) table: Option<Arc<TableInfo>>,
    pub(super) pace: Pace,
    /// In units of the planner, or something alike.
    pub(super) cost: f64,
    pub(super) why: Why,
}

/// A design that is being carried out.
pub(super) struct Scan<'a> {
    pub(super) design: Design<'a>,
    /// What a journal knows it by.
    id: String,
    /// What a journal knows each member by: its place in the scan as it was begun.
    labels: Vec<usize>,
    /// What its planning took.
    planning: Took,
    key_sets: KeySets,
    inner: Mutex<Inner>,
    /// A bit for each server that has something to claim; what was claimed may come back.
    open_on: AtomicU64,
    /// Members that have not ended.
    running: AtomicUsize,
    strikes: AtomicU32,
}

struct Inner {
    pieces: Vec<Piece>,
    /// Of each member, until it ends.
    running: Vec<Option<Running>>,
    /// The ranges that are being read, each as it would be read once more.
    in_flight: Vec<(u64, Piece)>,
    claims: u64,
    /// The ranges that a journal was told of.
    steps: u64,
    /// The size of the next range, once there was one.
    size: Option<u64>,
    /// The statement of the last members, without its range.
    frame: Option<(Vec<usize>, Arc<SharedFrame>)>,
    /// Members that left the scan and are not planned anew yet.
    outgrown: Vec<usize>,
    took: Took,
}

/// What a scan took so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Took {
    pub(super) elapsed: Duration,
    pub(super) statements: u64,
    pub(super) retries: u32,
}

impl Took {
    /// What a session has sent since it had sent `before`.
    pub(super) fn since(begun: Instant, before: u64, session: &Session) -> Took {
        Took {
            elapsed: begun.elapsed(),
            statements: session.statements() - before,
            retries: 0,
        }
    }

    fn and(self, other: Took) -> Took {
        Took {
            elapsed: self.elapsed + other.elapsed,
            statements: self.statements + other.statements,
            retries: self.retries + other.retries,
        }
    }
}

/// What a claim gave.
pub(super) enum Answer {
    Rows(Vec<Cells>),
    Values(Box<HyperLogLog>),
    Nothing,
}

/// A member that ended.
pub(super) struct Ended {
    pub(super) index: usize,
    pub(super) result: Result<Reading, Failure>,
    pub(super) took: Took,
}

/// What came of a claim.
#[derive(Default)]
pub(super) struct Settled<'a> {
    pub(super) ended: Vec<Ended>,
    /// Members that must be read in another way, from the beginning.
    pub(super) outgrown: Vec<Member<'a>>,
    /// A server that refused what another one answered.
    pub(super) diverged: Option<usize>,
    /// The scan, which the journal knows, is over.
    pub(super) over: Option<String>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(design: Design<'a>, limits: &Limits, planning: Took) -> Scan<'a> {
        let running: Vec<_> = design
            .members
            .iter()
            .map(|member| Some(member.running(limits)))
            .collect();
        let members = running.len();
        let inner = Inner {
            running,
            pieces: vec![Piece::of(Way::ToStart(design.partition.clone()), None)],
            in_flight: Vec::new(),
            claims: 0,
            steps: 0,
            size: None,
            frame: None,
            outgrown: Vec::new(),
            took: Took::default(),
        };
        Scan {
            design,
            id: Uuid::new_v4().to_string(),
            labels: (0..members).collect(),
            planning,
            key_sets: limits.keys.clone(),
            inner: Mutex::new(inner),
            open_on: AtomicU64::new(u64::MAX),
            running: AtomicUsize::new(members),
            strikes: AtomicU32::new(0),
        }
    }

    /// Another one for each scan.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether every member has ended.
    pub(super) fn is_over(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    /// Counts how often a session ended before it had a claim.
    pub(super) fn strike(&self) -> u32 {
        self.strikes.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether a lane on the server has nothing to claim; `alone` where no other server is left to do what this one
    /// refused.
    pub(super) fn is_drained(&self, server: usize, alone: bool) -> bool {
        let open_on = self.open_on.load(Ordering::Relaxed);
        match alone {
            true => open_on == 0,
            false => open_on & (1 << (server % 64)) == 0,
        }
    }

    fn note_open(&self, inner: &Inner) {
        let open = inner.pieces.iter().fold(0, |open, piece| {
            open | match piece.not_on {
                Some(server) => !(1 << (server % 64)),
                None => u64::MAX,
            }
        });
        self.open_on.store(open, Ordering::Relaxed);
    }

    fn member(&self, place: usize) -> &Member<'a> {
        &self.design.members[place]
    }

    /// Adds what a claim gave to its members, or splits it where it failed.
    pub(super) async fn settle(
        &self,
        claim: Claim,
        answer: Result<Answer, DatabaseError>,
        elapsed: Duration,
        lane: Lane,
        journal: &dyn Journal,
    ) -> Settled<'a> {
        let mut inner = self.inner.lock().await;
        inner.in_flight.retain(|(number, _)| *number != claim.number);
        // What the last range added goes into the readings at once.
        let is_last = inner.in_flight.is_empty() && inner.pieces.is_empty() && claim.piece.suspect.is_none();
        let mut noted = (journal.is_kept() && !is_last).then(Vec::new);
        inner.took.elapsed += elapsed;
        inner.took.statements += 1;
        let mut settled = Settled::default();
        match answer {
            Ok(answer) => {
                self.add(&mut inner, &claim, &answer, lane.dialect, &mut settled, noted.as_mut());
                if let Some(suspect) = &claim.piece.suspect {
                    for part in halves(&claim.members) {
                        let piece = claim.piece.again(Way::Walk(suspect.clone()), part);
                        inner.pieces.push(piece);
                    }
                }
                settled.diverged = claim.piece.not_on.filter(|_| !lane.alone);
                if claim.piece.members.is_none() {
                    inner.size = Some(self.design.pace.next(claim.walk.size(), elapsed));
                }
            }
            Err(error) => {
                noted = None;
                self.split(&mut inner, claim, error, lane, &mut settled);
            }
        }
        self.note_open(&inner);
        self.end(&mut inner, &mut settled);
        settled.over = self.tell(&mut inner, noted, journal);
        settled
    }

    fn add(
        &self,
        inner: &mut Inner,
        claim: &Claim,
        answer: &Answer,
        dialect: Dialect,
        settled: &mut Settled<'a>,
        mut noted: Option<&mut Vec<(usize, Added)>>,
    ) {
        let is_noted = noted.is_some();
        let mut twins = self.twins(claim);
        let runs = |place: usize| inner.running.get(place).is_some_and(Option::is_some);
        twins.retain(|(distinct, sketch)| runs(*distinct) && runs(*sketch));
        for (order, place) in claim.members.iter().enumerate() {
            if twins.iter().any(|(_, sketch)| sketch == place) {
                continue;
            }
            let twin = twins.iter().find(|(distinct, _)| distinct == place);
            let mut twin = twin.and_then(|(_, sketch)| Some((*sketch, inner.running.get_mut(*sketch)?.take()?)));
            let Some(running) = inner.running.get_mut(*place).and_then(Option::as_mut) else {
                continue;
            };
            let added = match (answer, claim.places.get(order), &mut twin) {
                (Answer::Rows(rows), Some(places), Some((_, sketch))) => {
                    running.add_with(sketch, rows, places, dialect, is_noted)
                }
                (Answer::Rows(rows), Some(places), None) => running.add(rows, places, dialect, is_noted),
                (Answer::Values(sketch), ..) => running.add_sketch(sketch, is_noted),
                _ => Ok(None),
            };
            if let Some((twin, sketch)) = twin
                && let Some(running) = inner.running.get_mut(twin)
            {
                *running = Some(sketch);
                if let (Some(noted), Ok(Some(Added::Integers(new)))) = (&mut noted, &added) {
                    noted.push((twin, Added::Integers(new.clone())));
                }
            }
            match added {
                Ok(added) => {
                    if let (Some(noted), Some(added)) = (&mut noted, added) {
                        noted.push((*place, added));
                    }
                }
                Err(NotAdded::Failure(failure)) => settled.ended.extend(self.fail(inner, *place, failure)),
                Err(NotAdded::Outgrown) => self.outgrow(inner, *place),
            }
        }
    }

    /// A distinct count and a sketch of the very same values, where the claim has both: they are decoded once.
    fn twins(&self, claim: &Claim) -> Vec<(usize, usize)> {
        let of = |is: fn(&Asked) -> bool| {
            let members = claim.members.iter().zip(claim.places.iter());
            members.filter(move |(place, _)| is(&self.member(**place).asked))
        };
        let mut twins: Vec<(usize, usize)> = Vec::new();
        for (sketch, places) in of(|asked| matches!(asked, Asked::Sketch(..))) {
            let same = of(|asked| matches!(asked, Asked::Distinct(..)))
                .find(|(place, own)| own.values == places.values && twins.iter().all(|(taken, _)| taken != *place));
            twins.extend(same.map(|(distinct, _)| (*distinct, *sketch)));
        }
        twins
    }

    /// A member leaves the scan, to be read in another way.
    fn outgrow(&self, inner: &mut Inner, place: usize) {
        if inner.running.get_mut(place).and_then(Option::take).is_some() {
            self.running.fetch_sub(1, Ordering::Relaxed);
            inner.outgrown.push(place);
        }
    }

    fn fail(&self, inner: &mut Inner, place: usize, failure: Failure) -> Option<Ended> {
        inner.running.get_mut(place)?.take()?;
        self.running.fetch_sub(1, Ordering::Relaxed);
        Some(Ended {
            index: self.member(place).index,
            result: Err(failure),
            took: self.planning.and(inner.took),
        })
    }

    /// Ends the members whose every range was read.
    fn end(&self, inner: &mut Inner, settled: &mut Settled<'a>) {
        let outgrown = inner.outgrown.drain(..).map(|place| self.member(place).clone());
        settled.outgrown.extend(outgrown);
        if !inner.in_flight.is_empty() || !inner.pieces.is_empty() {
            return;
        }
        for (place, running) in inner.running.iter_mut().enumerate() {
            if let Some(running) = running.take() {
                self.running.fetch_sub(1, Ordering::Relaxed);
                settled.ended.push(Ended {
                    index: self.design.members[place].index,
                    result: running.reading(),
                    took: self.planning.and(inner.took),
                });
            }
        }
    }

    /// Ends what has not ended once nothing is claimed and nothing is left.
    pub(super) async fn finish(&self) -> Settled<'a> {
        let mut inner = self.inner.lock().await;
        let mut settled = Settled::default();
        self.end(&mut inner, &mut settled);
        settled
    }

    /// Ends every member that has not ended: the run was interrupted, before the scan or in the middle of it.
    pub(super) async fn interrupt(&self) -> Vec<Ended> {
        let begun = self.inner.lock().await.took.statements > 0;
        let failure = match begun {
            true => DatabaseError::Interrupted.into(),
            false => Failure::new(Reason::NotRun, "the run was interrupted before this metric"),
        };
        self.abandon(&failure).await
    }

    /// Ends every member that has not ended, with the same failure.
    pub(super) async fn abandon(&self, failure: &Failure) -> Vec<Ended> {
        let mut inner = self.inner.lock().await;
        inner.pieces.clear();
        self.note_open(&inner);
        let took = self.planning.and(inner.took);
        let left = std::mem::take(&mut inner.outgrown).into_iter().map(|place| Ended {
            index: self.member(place).index,
            result: Err(failure.clone()),
            took,
        });
        let mut ended: Vec<Ended> = left.collect();
        let places = 0..inner.running.len();
        ended.extend(places.filter_map(|place| self.fail(&mut inner, place, failure.clone())));
        ended
    }
}

/// Whose claim it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    /// How many lanes there are.
    pub(super) lanes: usize,
    pub(super) server: usize,
    /// No other server is left.
    pub(super) alone: bool,
    pub(super) dialect: Dialect,
}

impl Inner {
    /// The last piece that the server may have.
    fn take_piece(&mut self, server: usize, alone: bool) -> Option<Piece> {
        let may_have = |piece: &Piece| alone || piece.not_on != Some(server);
        let place = self.pieces.iter().rposition(may_have)?;
        Some(self.pieces.remove(place))
    }

    fn alive(&self, piece: &Piece) -> Vec<usize> {
        let is_alive = |place: &usize| self.running.get(*place).is_some_and(Option::is_some);
        match &piece.members {
            None => (0..self.running.len()).filter(is_alive).collect(),
            Some(members) => members.iter().copied().filter(is_alive).collect(),
        }
    }
}

pub(super) fn unwritable(error: RelationError) -> Failure {
    Failure::new(Reason::InvalidStatement, error.to_string())
}
