//! Several relations over the same rows as one: what they have in common once, what each adds beside it.
//!
//! A wrong share is a wrong number that nobody notices. So whatever is not known to keep each relation's very rows, each
//! as often as in its own statement, is not shared; and what would be an error alone must not become valid by what the
//! others bring along.

mod filter;
mod item;
mod list;
mod member;
mod scope;
mod select;
mod semi_join;
mod union;

use super::tree::Parts;
use super::{MainTable, Relation};
use item::Item;
use member::Member;
pub use select::SharedFrame;
pub use semi_join::SemiJoin;
use union::Union;

/// Says whether the columns of a table hold each combination of values that is not NULL at most once, as a unique
/// constraint or a whole unique index on some of them assures.
///
/// The columns are compared by `=` with columns of other tables, whose types may make equal what the index tells apart:
/// `true` is right for integers and UUIDs, and for texts where both sides compare alike.
pub type IsUnique<'a> = dyn Fn(&MainTable, &[String]) -> bool + 'a;

/// Relations whose rows one statement can tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedRelation {
    members: Vec<Member>,
    /// FROM for all, the common terms of WHERE, the group keys of all.
    whole: Relation,
    common_terms: usize,
    /// Whether the FROM of each member is the same.
    is_uniform: bool,
}

/// One statement for all members, and where the answers of each stand in its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedStatement {
    pub sql: String,
    /// For each member, in their order.
    pub places: Vec<Places>,
    /// The columns of the answer that hold packed values ([`Aggregate::PackedIntegers`](super::Aggregate)); all others
    /// are text. A statement with parameters ([`SemiJoin::rows_by`]) answers in the same way, packed values or not.
    pub packed: Vec<usize>,
}

/// Where the answers of a member stand in each row, as indexes of columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Its group keys, in the order of its GROUP BY.
    pub keys: Vec<usize>,
    /// How many rows of the row's group are the member's own; `None` where all are. A group of 0 is none of the
    /// member's groups.
    pub rows: Option<usize>,
    /// Its aggregates, in the order they were asked.
    pub values: Vec<usize>,
}

impl SharedRelation {
    /// `None` where the relations cannot stand in one statement so that each keeps its very rows.
    pub fn of(members: &[&Relation], is_unique: &IsUnique<'_>) -> Option<SharedRelation> {
        let members = members.iter().map(|relation| Member::of(relation, is_unique));
        SharedRelation::over(members.collect())
    }

    /// Sorts relations, by their indexes, into groups that [`of`](Self::of) takes. The groups are few, not always as few
    /// as can be.
    pub fn groups(members: &[&Relation], is_unique: &IsUnique<'_>) -> Vec<Vec<usize>> {
        let members: Vec<Member> = members.iter().map(|relation| Member::of(relation, is_unique)).collect();
        // Those that share with their like alone come first, so that their like finds them.
        let mut order: Vec<(usize, &Member)> = members.iter().enumerate().collect();
        order.sort_by_key(|(_, member)| member.is_mergeable);
        let mut groups: Vec<(Union<'_>, Vec<usize>)> = Vec::new();
        for (index, member) in order {
            match groups
                .iter_mut()
                .find_map(|(union, group)| union.admit(member).then_some(group))
            {
                Some(group) => group.push(index),
                None => groups.push((Union::new(member), vec![index])),
            }
        }
        let mut groups: Vec<Vec<usize>> = groups.into_iter().map(|(_, group)| group).collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort_unstable();
        groups
    }

    /// The same for some of its members, by their indexes: what these have in common is found anew. Indexes that it has
    /// not are passed over.
    pub fn only(&self, members: &[usize]) -> SharedRelation {
        let chosen = members.iter().filter_map(|index| self.members.get(*index).cloned());
        // A part of what can be shared can be shared.
        SharedRelation::over(chosen.collect()).unwrap_or_else(|| SharedRelation {
            members: Vec::new(),
            ..self.clone()
        })
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members, as after [`only`](Self::only) of none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many terms of their WHERE all members have.
    pub fn common_terms(&self) -> usize {
        self.common_terms
    }

    fn over(mut members: Vec<Member>) -> Option<SharedRelation> {
        let (first, others) = members.split_first()?;
        let mut union = Union::new(first);
        if !others.iter().all(|member| union.admit(member)) {
            return None;
        }
        let (from, matched) = union.from(&members);
        let common = filter::common(&members);
        let common_terms = common.len();
        // A relation that stands alone keeps the text of its WHERE.
        let filter = match others {
            [] => first.relation.parts.filter.clone(),
            _ => filter::conjunction(common.iter().map(|term| term.expr.clone())),
        };
        let parts = Parts {
            from,
            filter,
            groups: member::all_groups(&members),
            main: first.relation.parts.main.clone(),
        };
        let is_uniform = union.is_uniform();
        for (member, matched) in members.iter_mut().zip(matched) {
            member.keep_rest(&common, matched);
        }
        Some(SharedRelation {
            members,
            whole: Relation::new(parts),
            common_terms,
            is_uniform,
        })
    }
}
