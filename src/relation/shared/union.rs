//! One FROM for several relations.

use sqlparser::ast::TableWithJoins;

use super::{Item, Member};
use crate::relation::Column;

/// The items that several members read.
pub(super) struct Union<'a> {
    first: &'a Member,
    /// Behind the first item, in an order in which each stands behind those that its ON names.
    items: Vec<&'a Item>,
    is_uniform: bool,
    is_mergeable: bool,
}

impl<'a> Union<'a> {
    pub(super) fn new(first: &'a Member) -> Union<'a> {
        Union {
            first,
            items: first.items.iter().collect(),
            is_uniform: true,
            is_mergeable: first.is_mergeable,
        }
    }

    /// Takes one more, unless it cannot share with those that are there.
    pub(super) fn admit(&mut self, member: &'a Member) -> bool {
        if member.main() != self.first.main() || !self.groups_with(member) {
            return false;
        }
        let is_like_all = self.is_uniform && member.reads_as(self.first);
        if !is_like_all && !self.merge(member) {
            return false;
        }
        self.is_uniform = is_like_all;
        self.is_mergeable &= member.is_mergeable;
        true
    }

    /// Whether the FROM of each member is the same.
    pub(super) fn is_uniform(&self) -> bool {
        self.is_uniform
    }

    /// The FROM, and for each member the columns that tell its own rows by not being NULL.
    pub(super) fn from(&self, members: &[Member]) -> (TableWithJoins, Vec<Vec<Column>>) {
        let mut from = self.first.relation.parts.from.clone();
        let mut matched = vec![Vec::new(); members.len()];
        if self.is_uniform {
            return (from, matched);
        }
        from.joins.clear();
        for item in &self.items {
            let is_inner = |member: &Member| member.item(&item.alias).is_some_and(|own| own.is_inner);
            if members.iter().all(is_inner) {
                from.joins.push(item.join.clone());
                continue;
            }
            from.joins.push(item.outer_join());
            for (member, matched) in members.iter().zip(&mut matched) {
                if is_inner(member) {
                    matched.extend(item.matched.clone());
                }
            }
        }
        (from, matched)
    }

    /// A number after GROUP BY counts places in the select list, which another key would move.
    fn groups_with(&self, member: &Member) -> bool {
        let (first, other) = (&self.first.relation, &member.relation);
        let by_place = first.groups_by_place() || other.groups_by_place();
        !by_place || first.parts.groups == other.parts.groups
    }

    fn merge(&mut self, member: &'a Member) -> bool {
        if !self.is_mergeable || !member.is_mergeable {
            return false;
        }
        let mut new = Vec::new();
        for item in member.items.iter() {
            match self.items.iter().find(|known| known.alias == item.alias) {
                Some(known) if known.joins_as(item) => {}
                Some(_) => return false,
                None => new.push(item),
            }
        }
        self.items.extend(new);
        true
    }
}
