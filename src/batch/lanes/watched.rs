//! What an observer is told of the lanes' work.

use super::*;
use crate::batch::observer::{RangeRead, ScanSeen, StatementSent, TablePlanned};
use crate::batch::split::Split;

/// What is told of a claim before its statement is sent.
pub(super) struct Watched {
    number: u64,
    measures: usize,
    server: usize,
    began: Instant,
}

impl<'a> Lanes<'a> {
    /// A range is about to be read; nothing where nobody looks on.
    pub(super) fn watch(&self, session: &Session, claim: &Claim) -> Option<Watched> {
        self.observer.looks_on().then(|| Watched {
            number: claim.number(),
            measures: claim.members().len(),
            server: session.server(),
            began: Instant::now(),
        })
    }

    pub(super) fn tell_of_range(
        &self,
        scan: &Scan<'a>,
        watched: Option<Watched>,
        answer: &Result<Answer, DatabaseError>,
    ) {
        let Some(watched) = watched else { return };
        let design = &scan.design;
        let seen = ScanSeen {
            id: scan.id(),
            database: self.database.name(),
            table: table_of(&design.ends),
            kind: Split::of(&design.partition, None, false).kind,
            why: design.why.code(),
            measures: design.members.iter().map(|member| member.index).collect(),
        };
        let failure = answer.as_ref().err();
        self.observer.range(RangeRead {
            scan: seen,
            number: watched.number,
            measures: watched.measures,
            server: watched.server,
            began: watched.began,
            ended: Instant::now(),
            failure: failure.map(|error| Failure::from(error.clone()).reason),
        });
    }

    pub(super) fn tell_of_plan(&self, family: &Family<'a>, began: Instant, planning: Took) {
        let Some((_, first)) = family.measures.first().filter(|_| self.observer.looks_on()) else {
            return;
        };
        self.observer.planned(TablePlanned {
            database: self.database.name(),
            table: table_of(first),
            measures: family.measures.len(),
            statements: planning.statements,
            began,
            ended: began + planning.elapsed,
        });
    }

    pub(super) fn tell_of_value(&self, measure: usize, began: Instant, taken: &Taken) {
        if self.observer.looks_on() {
            self.observer.statement(StatementSent {
                database: self.database.name(),
                measure,
                began,
                ended: began + taken.elapsed,
                failure: taken.result.as_ref().err().map(|failure| failure.reason),
            });
        }
    }
}

/// The name of a table, never the text of a relation, which may hold what was bound to it.
fn table_of(measure: &DatabaseMeasure) -> &str {
    let table = measure.relation.main_table();
    table.map_or(measure.relation.main_alias(), |table| table.name.as_str())
}
