//! A part of a scan's rows that is still to be read, for all of its members or for some.

use serde::{Deserialize, Serialize};

use super::partition::Partition;
use super::ranges::Ranges;

/// So often a range of several members is halved before the members are told apart: a slow table is more likely than a
/// slow member.
const HALVINGS_OF_SEVERAL: u32 = 2;

/// Ranges, and who wants them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Piece {
    pub(super) way: Way,
    /// The places of its members; `None` is all that have not ended.
    pub(super) members: Option<Vec<usize>>,
    /// There are no rows: the statement is only planned, lest a wrong name pass for a 0.
    pub(super) verifies: bool,
    /// What is read by halves once it is known that nobody else holds the tables.
    pub(super) suspect: Option<Ranges>,
    /// Its session was lost once, and the range handed back.
    #[serde(skip)]
    pub(super) was_lost: bool,
    /// The server that refused it, where another one is to be asked.
    #[serde(skip)]
    pub(super) not_on: Option<usize>,
    pub(super) halvings: u32,
}

/// Where its ranges come from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Way {
    /// The ends are not known yet.
    ToStart(Partition),
    Walk(Ranges),
}

impl Piece {
    pub(super) fn of(way: Way, members: Option<Vec<usize>>) -> Piece {
        Piece {
            way,
            members,
            verifies: false,
            suspect: None,
            was_lost: false,
            not_on: None,
            halvings: 0,
        }
    }

    /// No rows: the statement is only planned.
    pub(super) fn verifying(members: Option<Vec<usize>>) -> Piece {
        Piece {
            verifies: true,
            ..Piece::of(Way::Walk(Ranges::whole()), members)
        }
    }

    /// A lock was waited for in vain: the statement is only planned, which the tables' locks hold up, and no other.
    pub(super) fn under_lock(&self, suspect: Ranges, members: Vec<usize>) -> Piece {
        Piece {
            suspect: Some(suspect),
            halvings: self.halvings,
            ..Piece::verifying(Some(members))
        }
    }

    /// What it says of a range of its own, without its walk.
    pub(super) fn head(&self) -> Piece {
        Piece {
            way: Way::Walk(Ranges::empty()),
            members: self.members.clone(),
            suspect: self.suspect.clone(),
            ..*self
        }
    }

    /// What came of the same rows, for these members.
    pub(super) fn again(&self, way: Way, members: Vec<usize>) -> Piece {
        Piece {
            way,
            members: Some(members),
            verifies: self.verifies && self.suspect.is_none(),
            suspect: None,
            was_lost: false,
            not_on: self.not_on,
            halvings: self.halvings + 1,
        }
    }

    pub(super) fn is_to_be_halved(&self) -> bool {
        self.halvings < HALVINGS_OF_SEVERAL
    }

    /// Goes on with the ranges that were found; without any it has the statement planned.
    pub(super) fn begin(&mut self, ranges: Option<Ranges>) {
        let ranges = ranges.unwrap_or_else(Ranges::empty);
        self.verifies = ranges.is_over();
        self.way = Way::Walk(match self.verifies {
            true => Ranges::whole(),
            false => ranges,
        });
    }

    /// Takes the one look of a piece that only verifies; false where it was taken.
    pub(super) fn take_whole(&mut self) -> bool {
        match &mut self.way {
            Way::Walk(ranges) if !ranges.is_over() => {
                ranges.advance(None);
                true
            }
            _ => false,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(&self.way, Way::Walk(ranges) if ranges.is_over())
    }
}
