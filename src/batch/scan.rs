//! Several measures read in the same pass over a table: a range at a time, by as many lanes as are free.
//!
//! Each member is added up by itself, once for each range. What fails costs its own member alone: the statement of a range
//! is split until the culprit stands by itself, and the others go on together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

use super::member::{Asked, Limits, Member, NotAdded, Running};
use super::pace::Pace;
use super::partition::Partition;
use super::piece::{Piece, Way};
use super::ranges::{Next, Ranges, extent};
use super::why::Why;
use crate::measure::{DatabaseMeasure, Failure, Reading, Reason};
use crate::relation::{Aggregate, Dialect, KeyRange, Places, RelationError, SharedRelation};
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
    inner: Mutex<Inner>,
    /// Whether nothing is left to claim; what was claimed may come back.
    drained: AtomicBool,
    /// Members that have not ended.
    running: AtomicUsize,
    strikes: AtomicU32,
}

struct Inner {
    pieces: Vec<Piece>,
    /// Of each member, until it ends.
    running: Vec<Option<Running>>,
    in_flight: usize,
    /// The size of the next range, once there was one.
    size: Option<u64>,
    took: Took,
}

/// What a scan took so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Took {
    pub(super) elapsed: Duration,
    pub(super) statements: u64,
    pub(super) retries: u32,
}

/// A range to read, for some members, by whoever claimed it.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) sql: String,
    pub(super) form: Form,
    members: Vec<usize>,
    pub(super) places: Vec<Places>,
    range: Option<KeyRange>,
    /// The walk that the range was taken from, as it was before.
    walk: Ranges,
    piece: Piece,
}

/// How the answer of a claim is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Rows of text; `packed` where some columns are packed values.
    Rows { packed: bool },
    /// One column, streamed into a sketch.
    Values,
    /// Nothing is read: the statement is only planned.
    Planned,
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
}

impl<'a> Scan<'a> {
    pub(super) fn new(design: Design<'a>, limits: &Limits) -> Scan<'a> {
        let running: Vec<_> = design
            .members
            .iter()
            .map(|member| Some(member.running(limits)))
            .collect();
        let members = running.len();
        let inner = Inner {
            running,
            pieces: vec![Piece::of(Way::ToStart(design.partition.clone()), None)],
            in_flight: 0,
            size: None,
            took: Took::default(),
        };
        Scan {
            design,
            inner: Mutex::new(inner),
            drained: AtomicBool::new(false),
            running: AtomicUsize::new(members),
            strikes: AtomicU32::new(0),
        }
    }

    /// Whether every member has ended.
    pub(super) fn is_over(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    /// Counts how often a session ended before it had a claim.
    pub(super) fn strike(&self) -> u32 {
        self.strikes.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn is_drained(&self) -> bool {
        self.drained.load(Ordering::Relaxed)
    }

    /// The next range, for whoever asks; `None` where there is none to claim now.
    ///
    /// # Errors
    /// The statements that look for ends and keys failed; the scan has no part of the range then.
    pub(super) async fn claim(
        &self,
        session: &mut Session,
        database: &Database,
        lanes: usize,
    ) -> Result<Option<Claim>, Failure> {
        let mut inner = self.inner.lock().await;
        loop {
            let Some(mut piece) = inner.pieces.pop() else {
                self.drained.store(true, Ordering::Relaxed);
                return Ok(None);
            };
            let members = inner.alive(&piece);
            if members.is_empty() {
                continue;
            }
            let before = session.statements();
            let claimed = self.of_piece(&mut inner, &mut piece, session, database, lanes).await;
            inner.took.statements += session.statements() - before;
            let (range, walk) = match claimed {
                Ok(Some(claimed)) => claimed,
                Ok(None) => continue,
                Err(failure) => {
                    inner.pieces.push(piece);
                    return Err(failure);
                }
            };
            let head = piece.head();
            if !piece.is_done() {
                inner.pieces.push(piece);
            }
            let claim = self.written(session.dialect(), members, range, walk, head)?;
            inner.in_flight += 1;
            return Ok(Some(claim));
        }
    }

    /// The next range of a piece; `None` where it has none any more.
    async fn of_piece(
        &self,
        inner: &mut Inner,
        piece: &mut Piece,
        session: &mut Session,
        database: &Database,
        lanes: usize,
    ) -> Result<Option<(Option<KeyRange>, Ranges)>, Failure> {
        if let Way::ToStart(partition) = &piece.way {
            let table = self.design.table.as_deref();
            let ranges = partition.ranges(session, database, &self.design.ends, table).await?;
            piece.begin(ranges);
        }
        if piece.verifies {
            return Ok(piece.take_whole().then(|| (None, Ranges::whole())));
        }
        let Way::Walk(ranges) = &mut piece.way else {
            return Ok(None);
        };
        if piece.members.is_none() {
            if let Some(size) = inner.size {
                ranges.resize(self.design.pace.share(size, ranges.remaining(), lanes));
            }
        }
        loop {
            let here = ranges.here();
            match ranges.next() {
                Next::End => return Ok(None),
                Next::Everything => {
                    ranges.advance(None);
                    return Ok(Some((None, here)));
                }
                Next::Range(range) => {
                    ranges.advance(None);
                    return Ok(Some((Some(range), here)));
                }
                Next::Step { columns, from, rows } => {
                    let relation = &self.design.ends.relation;
                    let sql = relation.step(session.dialect(), &columns, Some(&from), rows);
                    match session.rows(&sql.map_err(unwritable)?).await {
                        Ok(found) => {
                            let key = found.into_iter().next().map(|row| ranges.key_of(row));
                            let range = ranges.step_to(key.clone());
                            ranges.advance(key);
                            return Ok(Some((Some(range), here)));
                        }
                        Err(error) if error.is_cancelled() && ranges.halve() => inner.took.retries += 1,
                        // A partition that was dropped took its rows along; the statement says what else is missing.
                        Err(error) if error.is_missing_table() && ranges.leave_part() => {
                            inner.pieces.push(Piece::verifying(piece.members.clone()));
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
    }

    pub(super) fn written(
        &self,
        dialect: Dialect,
        members: Vec<usize>,
        range: Option<KeyRange>,
        walk: Ranges,
        piece: Piece,
    ) -> Result<Claim, Failure> {
        let asked: Vec<Vec<Aggregate>> = members.iter().map(|place| self.member(*place).aggregates()).collect();
        let mut claim = Claim {
            sql: String::new(),
            form: Form::Rows { packed: false },
            members,
            places: Vec::new(),
            range,
            walk,
            piece,
        };
        let lead = self.member(claim.members.first().copied().unwrap_or_default());
        match &lead.asked {
            Asked::Histogram { from, to, size } => {
                claim.sql = histogram(lead.measure, dialect, *from, *to, *size)?;
                claim.places = vec![Places {
                    keys: vec![0],
                    rows: None,
                    values: vec![1],
                }];
            }
            Asked::Values(_) => {
                let relation = &lead.measure.relation;
                let values = asked.into_iter().next().unwrap_or_default();
                let sql = relation.select(dialect, &values, claim.range.as_ref());
                claim.sql = sql.map_err(unwritable)?;
                claim.form = Form::Values;
            }
            _ => {
                let relation = match claim.members.len() == self.design.members.len() {
                    true => self.design.relation.select(dialect, &asked, claim.range.as_ref()),
                    false => {
                        let some = self.design.relation.only(&claim.members);
                        some.select(dialect, &asked, claim.range.as_ref())
                    }
                };
                let statement = relation.map_err(unwritable)?;
                claim.form = Form::Rows {
                    packed: !statement.packed.is_empty(),
                };
                claim.sql = statement.sql;
                claim.places = statement.places;
            }
        }
        if claim.piece.verifies {
            claim.sql = format!("EXPLAIN {}", claim.sql);
            claim.form = Form::Planned;
        }
        Ok(claim)
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
        dialect: Dialect,
    ) -> Settled<'a> {
        let mut inner = self.inner.lock().await;
        inner.in_flight -= 1;
        inner.took.elapsed += elapsed;
        inner.took.statements += 1;
        let mut settled = Settled::default();
        match answer {
            Ok(answer) => {
                self.add(&mut inner, &claim, &answer, dialect, &mut settled);
                if claim.piece.members.is_none() {
                    inner.size = Some(self.design.pace.next(claim.walk.size(), elapsed));
                }
            }
            Err(error) => self.split(&mut inner, claim, error, &mut settled),
        }
        if !inner.pieces.is_empty() {
            self.drained.store(false, Ordering::Relaxed);
        }
        self.end(&mut inner, &mut settled);
        settled
    }

    fn add(&self, inner: &mut Inner, claim: &Claim, answer: &Answer, dialect: Dialect, settled: &mut Settled<'a>) {
        for (order, place) in claim.members.iter().enumerate() {
            let Some(running) = inner.running.get_mut(*place).and_then(Option::as_mut) else {
                continue;
            };
            let added = match (answer, claim.places.get(order)) {
                (Answer::Rows(rows), Some(places)) => running.add(rows, places, dialect),
                (Answer::Values(sketch), _) => running.add_sketch(sketch),
                _ => Ok(()),
            };
            match added {
                Ok(()) => {}
                Err(NotAdded::Failure(failure)) => settled.ended.extend(self.fail(inner, *place, failure)),
                Err(NotAdded::Outgrown) => {
                    inner.running[*place] = None;
                    self.running.fetch_sub(1, Ordering::Relaxed);
                    settled.outgrown.push(self.member(*place).by_values());
                }
            }
        }
    }

    /// What is to be done about a claim that failed: everything but the range and the members that it was about stays.
    fn split(&self, inner: &mut Inner, claim: Claim, error: DatabaseError, settled: &mut Settled<'a>) {
        let halves = |members: &[usize]| {
            let (first, second) = members.split_at(members.len() / 2);
            [second.to_vec(), first.to_vec()]
        };
        let several = claim.members.len() > 1;
        if error.is_missing_table() && matches!(claim.range, Some(KeyRange::OfPartition { .. })) {
            // It was dropped, and its rows with it; the statement over the whole says what else may be missing.
            inner.pieces.push(Piece::verifying(Some(claim.members)));
            return;
        }
        if error.is_cancelled() {
            inner.took.retries += 1;
            if let Some(partition) = self.design.otherwise.clone().filter(|_| claim.range.is_none()) {
                let way = Way::ToStart(partition);
                inner.pieces.push(claim.piece.again(way, claim.members));
                return;
            }
            if let Some(ranges) = claim.halved().filter(|_| !several || claim.piece.is_to_be_halved()) {
                let size = ranges.size();
                inner.size = inner.size.map(|before| before.min(size));
                if claim.members.len() >= self.running.load(Ordering::Relaxed) {
                    shrink(&mut inner.pieces, size);
                }
                inner.pieces.push(claim.piece.again(Way::Walk(ranges), claim.members));
                return;
            }
            inner.took.retries -= 1;
        }
        let parts = match &error {
            DatabaseError::Interrupted => Vec::new(),
            DatabaseError::Refused {
                reason: Reason::LockTimeout,
                ..
            } => self.by_tables(&claim.members),
            _ if several => halves(&claim.members).into(),
            _ => Vec::new(),
        };
        if parts.is_empty() {
            let failure = Failure::from(error);
            for place in claim.members {
                settled.ended.extend(self.fail(inner, place, failure.clone()));
            }
            return;
        }
        for part in parts {
            let way = Way::Walk(claim.same());
            inner.pieces.push(claim.piece.again(way, part));
        }
    }

    /// The members by the tables that they read; nothing where all read the same: a lock on one is a lock on all.
    fn by_tables(&self, members: &[usize]) -> Vec<Vec<usize>> {
        let mut parts: Vec<(Vec<_>, Vec<usize>)> = Vec::new();
        for place in members {
            let mut tables: Vec<_> = self.member(*place).measure.relation.tables();
            tables.sort_by(|left, right| (&left.schema, &left.name).cmp(&(&right.schema, &right.name)));
            match parts.iter_mut().find(|(known, _)| *known == tables) {
                Some((_, part)) => part.push(*place),
                None => parts.push((tables, vec![*place])),
            }
        }
        match parts.len() {
            0 | 1 => Vec::new(),
            _ => parts.into_iter().map(|(_, part)| part).collect(),
        }
    }

    fn fail(&self, inner: &mut Inner, place: usize, failure: Failure) -> Option<Ended> {
        inner.running.get_mut(place)?.take()?;
        self.running.fetch_sub(1, Ordering::Relaxed);
        Some(Ended {
            index: self.member(place).index,
            result: Err(failure),
            took: inner.took,
        })
    }

    /// Ends the members whose every range was read.
    fn end(&self, inner: &mut Inner, settled: &mut Settled<'a>) {
        if inner.in_flight > 0 || !inner.pieces.is_empty() {
            return;
        }
        for (place, running) in inner.running.iter_mut().enumerate() {
            if let Some(running) = running.take() {
                self.running.fetch_sub(1, Ordering::Relaxed);
                settled.ended.push(Ended {
                    index: self.design.members[place].index,
                    result: running.reading(),
                    took: inner.took,
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
        self.drained.store(true, Ordering::Relaxed);
        let places = 0..inner.running.len();
        places
            .filter_map(|place| self.fail(&mut inner, place, failure.clone()))
            .collect()
    }

    /// Puts a claim back as it was: whoever had it went away.
    pub(super) async fn hand_back(&self, claim: Claim) {
        let mut inner = self.inner.lock().await;
        inner.in_flight -= 1;
        let piece = claim.piece.again(Way::Walk(claim.same()), claim.members);
        inner.pieces.push(piece);
        self.drained.store(false, Ordering::Relaxed);
    }
}

impl Inner {
    fn alive(&self, piece: &Piece) -> Vec<usize> {
        let is_alive = |place: &usize| self.running.get(*place).is_some_and(Option::is_some);
        match &piece.members {
            None => (0..self.running.len()).filter(is_alive).collect(),
            Some(members) => members.iter().copied().filter(is_alive).collect(),
        }
    }
}

impl Claim {
    /// The places of the members it is for.
    pub(super) fn members(&self) -> &[usize] {
        &self.members
    }

    /// The same range in ranges of half its size.
    fn halved(&self) -> Option<Ranges> {
        let range = self.range.as_ref()?;
        let size = extent(range).map_or(self.walk.size(), |extent| extent.min(self.walk.size()));
        self.walk.again(range, size / 2)
    }

    /// The same range once more.
    fn same(&self) -> Ranges {
        let once = || Ranges::once(self.range.clone());
        let Way::Walk(walk) = &self.piece.way else {
            return once();
        };
        let again = self.range.as_ref().and_then(|range| walk.again(range, walk.size()));
        again.unwrap_or_else(once)
    }
}

/// What is still to be walked goes on in ranges of the smaller size.
fn shrink(pieces: &mut [Piece], size: u64) {
    for piece in pieces {
        if let Way::Walk(ranges) = &mut piece.way {
            ranges.resize(ranges.size().min(size));
        }
    }
}

fn histogram(measure: &DatabaseMeasure, dialect: Dialect, from: i64, to: i64, size: i64) -> Result<String, Failure> {
    let Some(column) = &measure.column else {
        return Err(Failure::new(Reason::InvalidOptions, "a histogram needs a column"));
    };
    let sql = measure.relation.histogram(dialect, column, from, to, size);
    sql.map_err(unwritable)
}

pub(super) fn unwritable(error: RelationError) -> Failure {
    Failure::new(Reason::InvalidStatement, error.to_string())
}
