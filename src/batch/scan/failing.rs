//! What is done about a claim that failed.

use super::*;

impl<'a> Scan<'a> {
    /// What is to be done about a claim that failed: everything but the range and the members that it was about stays.
    pub(super) fn split(
        &self,
        inner: &mut Inner,
        claim: Claim,
        error: DatabaseError,
        lane: Lane,
        settled: &mut Settled<'a>,
    ) {
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
    pub(super) fn by_tables(&self, members: &[usize]) -> Vec<Vec<usize>> {
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
}

/// What is still to be walked goes on in ranges of the smaller size.
pub(super) fn shrink(pieces: &mut [Piece], size: u64) {
    for piece in pieces {
        if let Way::Walk(ranges) = &mut piece.way {
            ranges.resize(ranges.size().min(size));
        }
    }
}

pub(super) fn halves(members: &[usize]) -> [Vec<usize>; 2] {
    let (first, second) = members.split_at(members.len() / 2);
    [second.to_vec(), first.to_vec()]
}
