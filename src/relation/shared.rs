//! Several relations over the same rows as one: what they have in common once, what each adds beside it.

use super::{Aggregate, Dialect, KeyRange, MainTable, Relation, RelationError};

/// Says whether the columns of a table hold each combination of values that is not NULL at most once.
pub type IsUnique<'a> = dyn Fn(&MainTable, &[String]) -> bool + 'a;

/// Relations whose rows one statement can tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedRelation {
    members: Vec<Relation>,
}

/// One statement for all members, and where the answers of each stand in its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedStatement {
    pub sql: String,
    /// For each member, in their order.
    pub places: Vec<Places>,
    /// The columns of the answer that hold packed values ([`Aggregate::PackedIntegers`]); all others are text.
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
    pub fn of(members: &[&Relation], _is_unique: &IsUnique<'_>) -> Option<SharedRelation> {
        match members {
            [only] => Some(SharedRelation {
                members: vec![(*only).clone()],
            }),
            _ => None,
        }
    }

    /// The same for some of its members, by their places.
    pub fn only(&self, members: &[usize]) -> SharedRelation {
        let members = members.iter().filter_map(|place| self.members.get(*place)).cloned();
        SharedRelation {
            members: members.collect(),
        }
    }

    /// The statement that asks each member's aggregates of the rows in the range.
    ///
    /// # Errors
    /// As [`Relation::select`].
    pub fn select(
        &self,
        dialect: Dialect,
        asked: &[Vec<Aggregate>],
        range: Option<&KeyRange>,
    ) -> Result<SharedStatement, RelationError> {
        let (Some(member), Some(aggregates)) = (self.members.first(), asked.first()) else {
            return Err(RelationError::new("nothing is asked of the rows"));
        };
        let sql = member.select(dialect, aggregates, range)?;
        let width = member.group_width();
        let places = Places {
            keys: (0..width).collect(),
            rows: None,
            values: (width..width + aggregates.len()).collect(),
        };
        let is_packed = |aggregate: &Aggregate| matches!(aggregate, Aggregate::PackedIntegers(_));
        let packed = (width..).zip(aggregates).filter(|(_, aggregate)| is_packed(aggregate));
        Ok(SharedStatement {
            sql,
            packed: packed.map(|(index, _)| index).collect(),
            places: vec![places],
        })
    }
}
