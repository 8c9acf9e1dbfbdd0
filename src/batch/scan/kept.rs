//! A scan as another process can go on with it: its members, what is left of its rows, and what its ranges added.

use serde::{Deserialize, Serialize};

use super::*;
use crate::batch::added;
use crate::batch::journal::{Journal, Step, Unfinished};

/// How a scan stands.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::batch) struct Kept {
    pub(in crate::batch) members: Vec<KeptMember>,
    pub(in crate::batch) partition: Partition,
    pub(in crate::batch) otherwise: Option<Partition>,
    pub(in crate::batch) cost: f64,
    /// What is left, ranges that are being read included.
    pieces: Vec<Piece>,
    size: Option<u64>,
}

/// In which form a measure stands in the scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::batch) struct KeptMember {
    /// What the ranges that were added know it by.
    label: usize,
    asked: String,
    is_keyed: bool,
    /// It failed, or left the scan.
    pub(in crate::batch) is_over: bool,
}

impl KeptMember {
    /// Whether the member stands in this form.
    pub(in crate::batch) fn is_of(&self, member: &Member<'_>) -> bool {
        self.asked == format!("{:?}", member.asked) && self.is_keyed == member.keys.is_some()
    }
}

impl Kept {
    /// `None` for what another version has kept.
    pub(in crate::batch) fn read(unfinished: &Unfinished) -> Option<Kept> {
        let kept: Kept = serde_json::from_str(&unfinished.remaining).ok()?;
        (kept.members.len() == unfinished.members.len()).then_some(kept)
    }
}

impl<'a> Scan<'a> {
    /// Tells the journal of a range that was added. Gives the scan's name where it is over and the journal knows it: that
    /// is to be told once the readings are, or a kill between the two would lose what the scan had read.
    pub(super) fn tell(
        &self,
        inner: &mut Inner,
        added: Option<Vec<(usize, added::Added)>>,
        journal: &dyn Journal,
    ) -> Option<String> {
        if !journal.is_kept() {
            return None;
        }
        let is_over = inner.in_flight.is_empty() && inner.pieces.is_empty() || self.is_over();
        match added {
            Some(added) if !is_over => {
                let number = inner.steps;
                inner.steps += 1;
                journal.step(Step {
                    scan: self.id.clone(),
                    database: self.design.ends.database.clone(),
                    members: self.design.members.iter().map(|member| member.index).collect(),
                    number,
                    remaining: self.remaining(inner),
                    added: added::to_bytes(&self.labelled(added)),
                });
                None
            }
            _ if is_over && inner.steps > 0 => {
                inner.steps = 0;
                Some(self.id.clone())
            }
            _ => None,
        }
    }

    fn labelled(&self, added: Vec<(usize, added::Added)>) -> Vec<(usize, added::Added)> {
        let labelled = added.into_iter();
        let labelled = labelled.filter_map(|(place, added)| Some((*self.labels.get(place)?, added)));
        labelled.collect()
    }

    fn remaining(&self, inner: &Inner) -> String {
        let members = self.design.members.iter().zip(&self.labels).zip(&inner.running);
        let in_flight = inner.in_flight.iter().map(|(_, piece)| piece);
        let kept = Kept {
            members: members
                .map(|((member, label), running)| KeptMember {
                    label: *label,
                    asked: format!("{:?}", member.asked),
                    is_keyed: member.keys.is_some(),
                    is_over: running.is_none(),
                })
                .collect(),
            partition: self.design.partition.clone(),
            otherwise: self.design.otherwise.clone(),
            cost: if self.design.cost.is_finite() {
                self.design.cost
            } else {
                0.0
            },
            pieces: inner.pieces.iter().chain(in_flight).cloned().collect(),
            size: inner.size,
        };
        // Plain values, which JSON has a place for.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// The scan as it was left; `places` are the members of the design, by their places in the scan then. `None` where what
    /// its ranges added cannot be added here.
    pub(in crate::batch) fn restored(
        design: Design<'a>,
        kept: &Kept,
        unfinished: &Unfinished,
        places: &[Option<usize>],
        limits: &Limits,
    ) -> Option<Scan<'a>> {
        let mut scan = Scan::new(design, limits, Took::default());
        let place_now = |then: usize| places.get(then).copied().flatten();
        let place_of = |label: usize| {
            let then = kept.members.iter().position(|member| member.label == label)?;
            place_now(then)
        };
        let inner = scan.inner.get_mut();
        for added in &unfinished.added {
            for (label, added) in added::from_bytes(added)? {
                let Some(place) = place_of(label) else { continue };
                let running = inner.running.get_mut(place)?.as_mut()?;
                if !running.absorb(&added) {
                    return None;
                }
            }
        }
        let pieces = kept.pieces.iter().cloned().filter_map(|piece| {
            let members = piece.members.as_ref().map(|members| {
                let members = members.iter().filter_map(|then| place_now(*then));
                members.collect::<Vec<_>>()
            });
            let is_wanted = members.as_ref().is_none_or(|members| !members.is_empty());
            is_wanted.then_some(Piece { members, ..piece })
        });
        inner.pieces = pieces.collect();
        inner.size = kept.size;
        inner.steps = unfinished.next;
        scan.id.clone_from(&unfinished.scan);
        let here = kept.members.iter().zip(places).filter(|(_, place)| place.is_some());
        scan.labels = here.map(|(member, _)| member.label).collect();
        Some(scan)
    }
}
