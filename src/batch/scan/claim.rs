//! A range to read, and the statement that reads it.

use super::*;

impl<'a> Scan<'a> {
    /// The next range, for whoever asks; `None` where there is none to claim now.
    ///
    /// # Errors
    /// The statements that look for ends and keys failed; the scan has no part of the range then.
    pub(in crate::batch) async fn claim(
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
            let before = session.statements();
            let members = inner.alive(&piece);
            let with_keys = self.with_keys(&mut inner, members, session).await;
            let (members, keys) = match with_keys {
                Ok(found) => found,
                Err(failure) => {
                    inner.took.statements += session.statements() - before;
                    inner.pieces.push(piece);
                    self.note_open(&inner);
                    return Err(failure);
                }
            };
            if members.is_empty() {
                continue;
            }
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
            let mut claim = self.written(&mut inner, session.dialect(), members, range, walk, head)?;
            claim.keys = keys;
            self.note_open(&inner);
            inner.claims += 1;
            claim.number = inner.claims;
            let again = claim.piece.again(Way::Walk(claim.same()), claim.members.clone());
            inner.in_flight.push((claim.number, again));
            return Ok(Some(claim));
        }
    }

    /// The members that can be read here, and the keys that their statement is given. A member whose keys cannot be had
    /// leaves the scan, and joins.
    async fn with_keys(
        &self,
        inner: &mut Inner,
        members: Vec<usize>,
        session: &mut Session,
    ) -> Result<(Vec<usize>, Vec<KeySet>), Failure> {
        let (mut able, mut keys) = (Vec::with_capacity(members.len()), Vec::new());
        for place in members {
            let Some(by_keys) = &self.member(place).keys else {
                able.push(place);
                continue;
            };
            match self.key_sets.load(&by_keys.statement, session).await? {
                Some(set) => {
                    put(&mut keys, by_keys.parameter, set);
                    able.push(place);
                }
                None => self.outgrow(inner, place),
            }
        }
        Ok((able, keys))
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
            number: 0,
            sql: String::new(),
            form: Form::Rows { packed: false },
            keys: self.no_keys(&members),
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
    pub(in crate::batch) async fn shown(
        &self,
        dialect: Dialect,
        members: Vec<usize>,
        range: Option<KeyRange>,
    ) -> Result<Claim, Failure> {
        let mut inner = self.inner.lock().await;
        let piece = Piece::of(Way::Walk(Ranges::whole()), None);
        self.written(&mut inner, dialect, members, range, Ranges::whole(), piece)
    }

    /// As many empty parameters as the members' statement names.
    fn no_keys(&self, members: &[usize]) -> Vec<KeySet> {
        let parameters = members
            .iter()
            .filter_map(|place| Some(self.member(*place).keys.as_ref()?.parameter));
        vec![KeySet::default(); parameters.max().unwrap_or_default()]
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
}

/// A range to read, for some members, by whoever claimed it.
#[derive(Debug)]
pub(in crate::batch) struct Claim {
    /// Its number among the claims of its scan.
    pub(super) number: u64,
    pub(in crate::batch) sql: String,
    pub(in crate::batch) form: Form,
    /// What the statement is given as its parameters.
    pub(in crate::batch) keys: Vec<KeySet>,
    pub(super) members: Vec<usize>,
    pub(in crate::batch) places: Arc<[Places]>,
    pub(super) range: Option<KeyRange>,
    /// The walk that the range was taken from, as it was before.
    pub(super) walk: Ranges,
    pub(super) piece: Piece,
}

/// How the answer of a claim is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::batch) enum Form {
    /// Rows of text; `packed` where some columns are packed values.
    Rows { packed: bool },
    /// One column, streamed into a sketch.
    Values,
    /// Nothing is read: the statement is only planned.
    Planned,
}

/// Puts a set in the place of its parameter; those before it that nobody names are empty.
fn put(keys: &mut Vec<KeySet>, parameter: usize, set: KeySet) {
    if keys.len() < parameter {
        keys.resize(parameter, KeySet::default());
    }
    if let Some(place) = parameter.checked_sub(1).and_then(|place| keys.get_mut(place)) {
        *place = set;
    }
}

fn histogram(measure: &DatabaseMeasure, dialect: Dialect, from: i64, to: i64, size: i64) -> Result<String, Failure> {
    let Some(column) = &measure.column else {
        return Err(Failure::new(Reason::InvalidOptions, "a histogram needs a column"));
    };
    let sql = measure.relation.histogram(dialect, column, from, to, size);
    sql.map_err(unwritable)
}

impl Claim {
    /// The same for another server to do: this one died, or knows no such thing.
    pub(super) fn elsewhere(&self, error: &DatabaseError, lane: Lane) -> Option<Piece> {
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

    /// Its number among the claims of its scan, from 1.
    pub(in crate::batch) fn number(&self) -> u64 {
        self.number
    }

    /// The places of the members it is for.
    pub(in crate::batch) fn members(&self) -> &[usize] {
        &self.members
    }

    /// The same range in ranges of half its size.
    pub(super) fn halved(&self) -> Option<Ranges> {
        let range = self.range.as_ref()?;
        let size = extent(range).map_or(self.walk.size(), |extent| extent.min(self.walk.size()));
        self.walk.again(range, size / 2)
    }

    /// The same range once more.
    pub(super) fn same(&self) -> Ranges {
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
