//! Scans that another process has begun: planned again as they were, and gone on with where they were left.

use super::*;
use crate::batch::choice::restored_design;
use crate::batch::journal::Unfinished;
use crate::batch::prepare::{Prepared, by_values};
use crate::batch::scan::{Kept, KeptMember};

impl<'a> Lanes<'a> {
    /// Takes the measures out that stand in an unfinished scan; the scans go on the board. What cannot be gone on with is
    /// left among the others, to be read from its beginning.
    pub(super) fn resume(
        &self,
        mut ready: Vec<Prepared<'a>>,
        tables: &Tables,
        strategy: Strategy,
        session: &Session,
    ) -> Vec<Prepared<'a>> {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scans = Vec::new();
        unfinished.retain(|one| {
            let is_here = |index: &usize| ready.iter().any(|prepared| prepared.member.index == *index);
            if !one.members.iter().flatten().any(is_here) {
                return true;
            }
            match self.restored(one, &mut ready, tables, strategy, session) {
                Some(scan) => scans.push(scan),
                None => self.journal.over(&one.scan),
            }
            false
        });
        self.board.add_scans(scans);
        ready
    }

    fn restored(
        &self,
        unfinished: &Unfinished,
        ready: &mut Vec<Prepared<'a>>,
        tables: &Tables,
        strategy: Strategy,
        session: &Session,
    ) -> Option<Scan<'a>> {
        let kept = Kept::read(unfinished)?;
        let mut members = Vec::new();
        let mut places = Vec::with_capacity(kept.members.len());
        for (form, index) in kept.members.iter().zip(&unfinished.members) {
            let found = ready.iter().find(|prepared| Some(prepared.member.index) == *index);
            let Some(found) = found.filter(|_| !form.is_over) else {
                places.push(None);
                continue;
            };
            places.push(Some(members.len()));
            members.push(in_form(found, form, tables, session)?);
        }
        let taken: Vec<usize> = members.iter().map(|prepared| prepared.member.index).collect();
        let family = choice::Family {
            prepared: members,
            tables,
            strategy,
            batch_time: self.database.options().batch_time,
        };
        let design = restored_design(family, &kept, session)?;
        let scan = Scan::restored(design, &kept, unfinished, &places, &self.limits)?;
        ready.retain(|prepared| !taken.contains(&prepared.member.index));
        Some(scan)
    }
}

/// The measure as it stood in the scan.
fn in_form<'a>(prepared: &Prepared<'a>, form: &KeptMember, tables: &Tables, session: &Session) -> Option<Prepared<'a>> {
    let own_values = by_values(&prepared.member, tables, session.reads_block_ranges()).ok();
    let forms = [Some(prepared.clone()), own_values];
    let forms = forms.into_iter().flatten().flat_map(|one| [one.clone(), one.joined()]);
    let mut fitting = forms.filter(|one| form.is_of(&one.member));
    fitting.next()
}
