//! Members with a condition in common.

use super::*;

impl<'a> Chooser<'a, '_> {
    /// Measures with a condition in common, such as a window, where one statement under it costs less than several.
    pub(super) async fn clusters(
        &self,
        mut alone: Vec<(Prepared<'a>, Price)>,
        session: &mut Session,
    ) -> Vec<(Vec<(Prepared<'a>, Price)>, f64)> {
        let mut clusters = Vec::new();
        for term in common_terms(&alone) {
            let has = |(one, _): &(Prepared<'a>, Price)| terms(one).contains(&term);
            let (with, without): (Vec<_>, Vec<_>) = alone.into_iter().partition(has);
            alone = without;
            let members: Vec<&Prepared<'a>> = with.iter().map(|(one, _)| one).collect();
            let apart: f64 = with.iter().map(|(_, price)| price.alone).sum();
            match self.cost_of(&members, session).await {
                Some(cost) if with.len() > 1 && cost < apart => clusters.push((with, cost)),
                _ => alone.extend(with),
            }
        }
        clusters.extend(alone.into_iter().map(|(one, price)| {
            let cost = price.alone;
            (vec![(one, price)], cost)
        }));
        clusters
    }

    pub(super) async fn cost_of(&self, members: &[&Prepared<'a>], session: &mut Session) -> Option<f64> {
        if members.len() < 2 {
            return None;
        }
        let shared = self.related_of(members)?;
        let asked: Vec<Vec<Aggregate>> = members.iter().map(|one| one.member.aggregates()).collect();
        let statement = shared.select(self.dialect, &asked, None).ok()?;
        let plans = session.plans(&[statement.sql]).await;
        let plan = plans.into_iter().next()?.ok()?;
        Price::cost(&plan)
    }
}

pub(super) fn terms(one: &Prepared<'_>) -> Vec<String> {
    one.member.measure.relation.terms().unwrap_or_default()
}

/// The conditions that several measures share, those of most first.
pub(super) fn common_terms(alone: &[(Prepared<'_>, Price)]) -> Vec<String> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for term in alone.iter().flat_map(|(one, _)| terms(one)) {
        *counted.entry(term).or_default() += 1;
    }
    let mut common: Vec<(String, usize)> = counted.into_iter().filter(|(_, number)| *number > 1).collect();
    common.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    common.truncate(MOST_TERMS);
    common.into_iter().map(|(term, _)| term).collect()
}
