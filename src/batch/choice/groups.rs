//! Members that one statement takes: those of the same keys, or of keys whose combinations are few.

use super::*;

impl<'a> Chooser<'a, '_> {
    /// Members of the same GROUP BY: nobody knows how many groups another one would make of theirs.
    pub(super) fn by_keys(&self, group: Vec<Prepared<'a>>) -> Vec<Vec<Prepared<'a>>> {
        let mut of_keys: BTreeMap<Vec<String>, Vec<Prepared<'a>>> = BTreeMap::new();
        for one in group {
            let keys = one.member.measure.relation.group_texts(self.dialect);
            of_keys.entry(keys.unwrap_or_default()).or_default().push(one);
        }
        of_keys.into_values().collect()
    }

    /// Members of different groups in statements of their own, where all combinations would be too many.
    pub(super) fn by_groups(&self, riders: Vec<(Prepared<'a>, Price)>, base: f64) -> Vec<Riders<'a>> {
        let mut scans: Vec<Riders<'a>> = Vec::new();
        let (grouped, plain): (Vec<_>, Vec<_>) = riders
            .into_iter()
            .partition(|(one, _)| one.member.measure.relation.is_grouped());
        for (one, price) in plain.into_iter().chain(grouped) {
            let keys = one
                .member
                .measure
                .relation
                .group_texts(self.dialect)
                .unwrap_or_default();
            let groups = if keys.is_empty() { 1.0 } else { price.groups.max(1.0) };
            match scans.iter_mut().find(|riders| riders.takes(&keys, groups)) {
                Some(riders) => riders.add(one, &price, keys, groups),
                None => {
                    let mut riders = Riders::over(base);
                    riders.add(one, &price, keys, groups);
                    scans.push(riders);
                }
            }
        }
        scans
    }
}

/// Members of one statement, and the groups that their keys make.
pub(super) struct Riders<'a> {
    pub(super) members: Vec<Prepared<'a>>,
    pub(super) cost: f64,
    /// What they would cost in statements of their own.
    pub(super) apart: f64,
    keys: Vec<Vec<String>>,
    groups: f64,
}

/// The members that join apart from those that do not, and each join by itself, where that is cheaper.
pub(super) fn by_from<'a>(members: Vec<(Prepared<'a>, Price)>, base: Base) -> Vec<Vec<(Prepared<'a>, Price)>> {
    if !base.is_cheaper_than_joining() {
        return vec![members];
    }
    let mut of_from: BTreeMap<String, Vec<(Prepared<'a>, Price)>> = BTreeMap::new();
    for (one, price) in members {
        let from = one.member.relation().from_text().unwrap_or_default();
        of_from.entry(from).or_default().push((one, price));
    }
    of_from.into_values().collect()
}

impl<'a> Riders<'a> {
    fn over(base: f64) -> Riders<'a> {
        Riders {
            members: Vec::new(),
            cost: base,
            apart: 0.0,
            keys: vec![Vec::new()],
            groups: 1.0,
        }
    }

    fn takes(&self, keys: &Vec<String>, groups: f64) -> bool {
        self.keys.contains(keys) || self.groups * groups <= SHARED_GROUPS
    }

    fn add(&mut self, one: Prepared<'a>, price: &Price, keys: Vec<String>, groups: f64) {
        self.members.push(one);
        self.cost += price.riding;
        self.apart += price.alone;
        if !self.keys.contains(&keys) {
            self.keys.push(keys);
            self.groups *= groups;
        }
    }
}
