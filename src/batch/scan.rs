//! Several measures read in the same pass over a table: a range at a time, by as many lanes as are free.
//!
//! Each member is added up by itself, once for each range. What fails costs its own member alone: the statement of a range
//! is split until the culprit stands by itself, and the others go on together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

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
    /// What its planning took.
    planning: Took,
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
    in_flight: usize,
    /// The size of the next range, once there was one.
    size: Option<u64>,
    /// The statement of the last members, without its range.
    frame: Option<(Vec<usize>, Arc<SharedFrame>)>,
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

/// A range to read, for some members, by whoever claimed it.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) sql: String,
    pub(super) form: Form,
    members: Vec<usize>,
    pub(super) places: Arc<[Places]>,
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
    /// A server that refused what another one answered.
    pub(super) diverged: Option<usize>,
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
            in_flight: 0,
            size: None,
            frame: None,
            took: Took::default(),
        };
        Scan {
            design,
            planning,
            inner: Mutex::new(inner),
            open_on: AtomicU64::new(u64::MAX),
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

    /// The next range, for whoever asks; `None` where there is none to claim now.
    ///
    /// # Errors
    /// The statements that look for ends and keys failed; the scan has no part of the range then.
    pub(super) async fn claim(
        &self,
        session: &mut Session,
        database: &Database,
        lane: Lane,
    ) -> Result<Option<Claim>, Failure> {
        let mut inner = self.inner.lock().await;
        loop {
            let found = inner.take_piece(session.server(), lane.alone);
            let Some(mut piece) = found else {
                self.note_open(&inner);
                return Ok(None);
            };
            let members = inner.alive(&piece);
            if members.is_empty() {
                continue;
            }
            let before = session.statements();
            let claimed = self
                .of_piece(&mut inner, &mut piece, session, database, lane.lanes)
                .await;
            inner.took.statements += session.statements() - before;
            let (range, walk) = match claimed {
                Ok(Some(claimed)) => claimed,
                Ok(None) => continue,
                Err(failure) => {
                    inner.pieces.push(piece);
                    self.note_open(&inner);
                    return Err(failure);
                }
            };
            let head = piece.head();
            if !piece.is_done() {
                inner.pieces.push(piece);
            }
            let claim = self.written(&mut inner, session.dialect(), members, range, walk, head)?;
            self.note_open(&inner);
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
            let size = inner.size.unwrap_or_else(|| self.design.pace.first(ranges.size()));
            ranges.resize(self.design.pace.share(size, ranges.remaining(), lanes));
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

    fn written(
        &self,
        inner: &mut Inner,
        dialect: Dialect,
        members: Vec<usize>,
        range: Option<KeyRange>,
        walk: Ranges,
        piece: Piece,
    ) -> Result<Claim, Failure> {
        let mut claim = Claim {
            sql: String::new(),
            form: Form::Rows { packed: false },
            members,
            places: Arc::default(),
            range,
            walk,
            piece,
        };
        let lead = self.member(claim.members.first().copied().unwrap_or_default());
        match &lead.asked {
            Asked::Histogram { from, to, size } => {
                claim.sql = histogram(lead.measure, dialect, *from, *to, *size)?;
                claim.places = Arc::new([Places {
                    keys: vec![0],
                    rows: None,
                    values: vec![1],
                }]);
            }
            asked => {
                let is_streamed = matches!(asked, Asked::Values(_));
                let frame = self.frame(inner, dialect, &claim.members)?;
                claim.sql = frame.statement(claim.range.as_ref()).map_err(unwritable)?;
                claim.places = frame.places.clone().into();
                claim.form = match is_streamed {
                    true => Form::Values,
                    false => Form::Rows {
                        packed: !frame.packed.is_empty(),
                    },
                };
            }
        }
        if claim.piece.verifies {
            claim.sql = format!("EXPLAIN {}", claim.sql);
            claim.form = Form::Planned;
        }
        Ok(claim)
    }

    /// The statement that a lane would send for these members.
    ///
    /// # Errors
    /// A range that the dialect has not.
    pub(super) async fn shown(
        &self,
        dialect: Dialect,
        members: Vec<usize>,
        range: Option<KeyRange>,
    ) -> Result<Claim, Failure> {
        let mut inner = self.inner.lock().await;
        let piece = Piece::of(Way::Walk(Ranges::whole()), None);
        self.written(&mut inner, dialect, members, range, Ranges::whole(), piece)
    }

    fn frame(&self, inner: &mut Inner, dialect: Dialect, members: &[usize]) -> Result<Arc<SharedFrame>, Failure> {
        if let Some((_, frame)) = inner.frame.as_ref().filter(|(known, _)| known == members) {
            return Ok(frame.clone());
        }
        let asked: Vec<Vec<Aggregate>> = members.iter().map(|place| self.member(*place).aggregates()).collect();
        let frame = match members.len() == self.design.members.len() {
            true => self.design.relation.frame(dialect, &asked),
            false => self.design.relation.only(members).frame(dialect, &asked),
        };
        let frame = Arc::new(frame.map_err(unwritable)?);
        inner.frame = Some((members.to_vec(), frame.clone()));
        Ok(frame)
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
    ) -> Settled<'a> {
        let mut inner = self.inner.lock().await;
        inner.in_flight -= 1;
        inner.took.elapsed += elapsed;
        inner.took.statements += 1;
        let mut settled = Settled::default();
        match answer {
            Ok(answer) => {
                self.add(&mut inner, &claim, &answer, lane.dialect, &mut settled);
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
            Err(error) => self.split(&mut inner, claim, error, lane, &mut settled),
        }
        self.note_open(&inner);
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
    fn split(&self, inner: &mut Inner, claim: Claim, error: DatabaseError, lane: Lane, settled: &mut Settled<'a>) {
        let several = claim.members.len() > 1;
        if let Some(piece) = claim.elsewhere(&error, lane) {
            inner.pieces.push(piece);
            return;
        }
        if error.is_missing_table() && matches!(claim.range, Some(KeyRange::OfPartition { .. })) {
            // It was dropped, and its rows with it; the statement over the whole says what else may be missing.
            inner.pieces.push(Piece::verifying(Some(claim.members)));
            return;
        }
        if error.is_cancelled() {
            inner.took.retries += 1;
            let is_whole = claim.range.is_none() && claim.piece.suspect.is_none();
            if let Some(partition) = self.design.otherwise.clone().filter(|_| is_whole) {
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
        let waited_in_vain = matches!(
            &error,
            DatabaseError::Refused {
                reason: Reason::LockTimeout,
                ..
            }
        );
        let parts = match &error {
            DatabaseError::Interrupted => Vec::new(),
            _ if waited_in_vain => self.by_tables(&claim.members),
            // A statement may be what ended it, or the whole server: it is not looked for by halves.
            error if several && error.ends_session() => claim.members.iter().map(|place| vec![*place]).collect(),
            _ if several => halves(&claim.members).into(),
            _ => Vec::new(),
        };
        if parts.is_empty() && waited_in_vain && several && !claim.piece.verifies {
            let piece = claim.piece.under_lock(claim.same(), claim.members);
            inner.pieces.push(piece);
            return;
        }
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

    /// The members by the tables that they read; nothing where all read the same.
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
            took: self.planning.and(inner.took),
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
        let places = 0..inner.running.len();
        places
            .filter_map(|place| self.fail(&mut inner, place, failure.clone()))
            .collect()
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

impl Claim {
    /// The same for another server to do: this one died, or knows no such thing.
    fn elsewhere(&self, error: &DatabaseError, lane: Lane) -> Option<Piece> {
        if lane.alone {
            return None;
        }
        let again = || self.piece.again(Way::Walk(self.same()), self.members.clone());
        match error {
            DatabaseError::Lost(_) | DatabaseError::Terminated(_) if !self.piece.was_lost => Some(Piece {
                was_lost: true,
                ..again()
            }),
            DatabaseError::Refused { reason, .. }
                if self.members.len() == 1 && self.piece.not_on.is_none() && reason.is_of_schema() =>
            {
                Some(Piece {
                    not_on: Some(lane.server),
                    ..again()
                })
            }
            _ => None,
        }
    }

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
        if let Some(suspect) = &self.piece.suspect {
            return suspect.clone();
        }
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

fn halves(members: &[usize]) -> [Vec<usize>; 2] {
    let (first, second) = members.split_at(members.len() / 2);
    [second.to_vec(), first.to_vec()]
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
