//! What lanes do with the measures of a table before there are scans.

use super::*;

impl<'a> Lanes<'a> {
    pub(super) async fn plan(&self, session: &mut Session, mut family: Family<'a>) -> bool {
        let strategy = Strategy {
            sharing: family.sharing,
            ..self.strategy
        };
        if let Err(error) = self.database.pass(session).await {
            let failure = Failure::from(error);
            return self.without_plan(family.clone(), all_of(&family, &failure), Took::default());
        }
        let (begun, before) = (Instant::now(), session.statements());
        let mut tables = Tables::default();
        let mut ready = Vec::with_capacity(family.measures.len());
        let mut unplanned = Vec::new();
        let mut measures = std::mem::take(&mut family.measures).into_iter();
        while let Some((index, measure)) = measures.next() {
            if let Some(taken) = self.estimated(session, measure).await {
                self.take(index, taken);
                continue;
            }
            let own = (Instant::now(), session.statements());
            let attempt = prepared(index, measure, session, self.database, &mut tables, strategy);
            let result = AssertUnwindSafe(attempt).catch_unwind().await;
            match result.unwrap_or_else(|panic| Err(Failure::of_panic(panic.as_ref()))) {
                Ok(prepared) => {
                    ready.push(prepared);
                    family.measures.push((index, measure));
                }
                Err(failure) if ends_session(failure.reason) => {
                    let is_last = self.is_alone(session.server()) || family.attempts > 0 || self.interrupt.is_raised();
                    match is_last {
                        false => family.measures.push((index, measure)),
                        true => self.take(index, Taken::after(Took::since(own.0, own.1, session), failure)),
                    }
                    family.measures.extend(measures);
                    family.attempts += 1;
                    self.board.put_back(Task::Plan(family));
                    return false;
                }
                Err(failure) => {
                    family.measures.push((index, measure));
                    unplanned.push((index, failure));
                }
            }
        }
        let ready = self.resume(ready, &tables, strategy, session);
        let chosen = choice::Family {
            prepared: ready,
            tables: &tables,
            strategy,
            batch_time: self.database.options().batch_time,
        };
        let (designs, failures) = designs(chosen, session).await;
        let planning = Took::since(begun, before, session);
        self.tell_of_plan(&family, begun, planning);
        let scans = designs
            .into_iter()
            .map(|design| Scan::new(design, &self.limits, planning));
        self.board.add_scans(scans);
        unplanned.extend(failures);
        let unplanned = self.elsewhere(&family, unplanned, session.server());
        self.without_plan(family, unplanned, planning)
    }

    /// A panic does not say whose it was: each half is planned by itself, until one measure is left.
    pub(super) fn bisect(&self, mut family: Family<'a>, failure: Failure) {
        let second = family.measures.split_off(family.measures.len() / 2);
        let first = std::mem::take(&mut family.measures);
        if let ([], [(index, _)]) = (first.as_slice(), second.as_slice()) {
            return self.take(*index, Taken::of(failure));
        }
        for measures in [second, first] {
            let half = Family {
                measures,
                ..family.clone()
            };
            self.board.put_back(Task::Plan(half));
        }
    }

    /// The statistics' answer, where the class lets it stand for a count and there is one.
    pub(super) async fn estimated(&self, session: &mut Session, measure: &DatabaseMeasure) -> Option<Taken> {
        let begun = Instant::now();
        let before = session.statements();
        let reading = row_estimate::read(session, self.database, measure).await;
        reading.ok().flatten().map(|reading| Taken {
            result: Ok(reading),
            elapsed: begun.elapsed(),
            statements: session.statements() - before,
            retries: 0,
        })
    }

    /// What one server does not know another one is asked for; what it knew, the first one lacks.
    pub(super) fn elsewhere(
        &self,
        family: &Family<'a>,
        unplanned: Vec<(usize, Failure)>,
        server: usize,
    ) -> Vec<(usize, Failure)> {
        let (unknown, failed): (Vec<_>, Vec<_>) = unplanned
            .into_iter()
            .partition(|(_, failure)| failure.reason.is_of_schema());
        if unknown.len() < family.measures.len()
            && let Some(lacking) = family.not_on
        {
            self.leave_out(lacking);
        }
        if unknown.is_empty() || family.not_on.is_some() || self.is_alone(server) {
            return unknown.into_iter().chain(failed).collect();
        }
        let again = |(index, _): &&(usize, _)| unknown.iter().any(|(known, _)| known == index);
        self.board.put_back(Task::Plan(Family {
            measures: family.measures.iter().filter(again).copied().collect(),
            not_on: Some(server),
            ..family.clone()
        }));
        failed
    }

    /// What could not be planned fails, or is planned once more where only the session ended.
    pub(super) fn without_plan(&self, family: Family<'a>, failures: Vec<(usize, Failure)>, planning: Took) -> bool {
        let (cut_short, failed): (Vec<_>, Vec<_>) = failures
            .into_iter()
            .partition(|(_, failure)| ends_session(failure.reason));
        for (index, failure) in failed {
            self.take(index, Taken::after(planning, failure));
        }
        if cut_short.is_empty() {
            return true;
        }
        if family.attempts + 1 >= STRIKES || self.interrupt.is_raised() {
            for (index, failure) in cut_short {
                self.take(index, Taken::after(planning, failure));
            }
            return false;
        }
        let again = |(index, _): &&(usize, _)| cut_short.iter().any(|(cut, _)| cut == index);
        let measures = family.measures.iter().filter(again).copied().collect();
        self.board.put_back(Task::Plan(Family {
            measures,
            attempts: family.attempts + 1,
            ..family
        }));
        false
    }
}

pub(super) fn all_of(family: &Family<'_>, failure: &Failure) -> Vec<(usize, Failure)> {
    let indexes = family.measures.iter().map(|(index, _)| *index);
    indexes.map(|index| (index, failure.clone())).collect()
}
