//! The statement of a shared relation.

use super::list::{SelectList, is_packed};
use super::member::{Member, place};
use super::{Places, SharedRelation, SharedStatement};
use crate::relation::select::range_condition;
use crate::relation::{Aggregate, Dialect, KeyRange, RelationError};

impl SharedRelation {
    /// The statement that asks each member's aggregates of the rows in the range. A member that stands alone has the
    /// statement of [`Relation::select`](super::Relation::select), but that what goes with packed values is made text.
    ///
    /// The keys of a row are those of all members: a member with fewer adds up over the rows that have its own keys in
    /// common, and a member without GROUP BY over all rows, which may be none.
    ///
    /// # Errors
    /// As [`Relation::select`](super::Relation::select). With several members also aggregates that do not add up over
    /// rows of an answer (distinct counts, averages, lowest and highest values, the values themselves), and a range over
    /// a table that not all of them read alike.
    pub fn select(
        &self,
        dialect: Dialect,
        asked: &[Vec<Aggregate>],
        range: Option<&KeyRange>,
    ) -> Result<SharedStatement, RelationError> {
        match (self.members.as_slice(), asked) {
            ([only], [aggregates]) if !needs_text(only, aggregates, dialect) => alone(only, dialect, aggregates, range),
            (members, asked) if members.len() == asked.len() && !members.is_empty() => {
                self.check(asked, range)?;
                self.together(dialect, asked, range)
            }
            _ => Err(RelationError::new("nothing is asked of the rows")),
        }
    }

    fn together(
        &self,
        dialect: Dialect,
        asked: &[Vec<Aggregate>],
        range: Option<&KeyRange>,
    ) -> Result<SharedStatement, RelationError> {
        let mut list = SelectList::new(dialect, asked);
        let groups = &self.whole.parts.groups;
        for key in groups {
            list.key(key)?;
        }
        let mut places = Vec::with_capacity(asked.len());
        for (member, aggregates) in self.members.iter().zip(asked) {
            let filter = member.filter_text(dialect)?;
            let own = &member.relation.parts.groups;
            let rows = match !own.is_empty() && member.has_rest() {
                true => Some(list.aggregate(&Aggregate::CountRows, &filter)?),
                false => None,
            };
            let values = aggregates.iter().map(|aggregate| list.aggregate(aggregate, &filter));
            places.push(Places {
                values: values.collect::<Result<_, _>>()?,
                keys: own.iter().filter_map(|key| place(groups, key)).collect(),
                rows,
            });
        }
        let (items, packed) = list.into_parts();
        let (whole, range) = self.whole.over(range)?;
        let tail = whole.tail(dialect, range_condition(range, dialect)?)?;
        Ok(SharedStatement {
            sql: format!("SELECT {items} {tail}"),
            places,
            packed,
        })
    }

    fn check(&self, asked: &[Vec<Aggregate>], range: Option<&KeyRange>) -> Result<(), RelationError> {
        for (member, aggregates) in self.members.iter().zip(asked) {
            if aggregates.is_empty() {
                return Err(RelationError::new("nothing is asked of the rows"));
            }
            for aggregate in aggregates {
                check_aggregate(member, aggregate, self.members.len())?;
            }
        }
        let reads_alike = |table: &str| self.is_uniform || table == self.whole.main_alias();
        match range.into_iter().flat_map(range_tables).all(reads_alike) {
            true => Ok(()),
            false => Err(RelationError::new(
                "the range is over a table that not all relations read alike",
            )),
        }
    }
}

/// Whether a packed value comes with others, which then have to be made text.
fn needs_text(member: &Member, aggregates: &[Aggregate], dialect: Dialect) -> bool {
    let has_company = aggregates.len() > 1 || member.relation.is_grouped();
    dialect == Dialect::Postgres && has_company && aggregates.iter().any(is_packed)
}

fn alone(
    member: &Member,
    dialect: Dialect,
    aggregates: &[Aggregate],
    range: Option<&KeyRange>,
) -> Result<SharedStatement, RelationError> {
    let sql = member.relation.select(dialect, aggregates, range)?;
    let width = member.relation.group_width();
    let packed = (width..).zip(aggregates).filter(|(_, aggregate)| is_packed(aggregate));
    let places = Places {
        keys: (0..width).collect(),
        rows: None,
        values: (width..width + aggregates.len()).collect(),
    };
    Ok(SharedStatement {
        sql,
        packed: packed.map(|(place, _)| place).collect(),
        places: vec![places],
    })
}

fn check_aggregate(member: &Member, aggregate: &Aggregate, members: usize) -> Result<(), RelationError> {
    let column = match aggregate {
        Aggregate::CountRows => return Ok(()),
        Aggregate::Count(column) | Aggregate::Sum(column) | Aggregate::PackedIntegers(column) => column,
        Aggregate::CountDistinct(column)
        | Aggregate::Average(column)
        | Aggregate::Min(column)
        | Aggregate::Max(column)
            if members == 1 =>
        {
            column
        }
        Aggregate::Values(_) => return Err(RelationError::new("the values of a column stand alone in a SELECT")),
        _ => {
            return Err(RelationError::new("only counts, sums and packed values are shared")
                .help("ask for what does not add up by a statement of its own"));
        }
    };
    match member.knows(column) {
        true => Ok(()),
        false => Err(RelationError::new(format!(
            "`{}` is not a table of the relation",
            column.table
        ))),
    }
}

/// The tables that a range puts a condition on.
fn range_tables(range: &KeyRange) -> Vec<&str> {
    match range {
        KeyRange::Integer { column, .. } | KeyRange::Null { column } => vec![&column.table],
        KeyRange::Keyset { columns, .. } => columns.iter().map(|column| column.table.as_str()).collect(),
        KeyRange::Blocks { table, .. } => vec![table],
        KeyRange::OfPartition { range, .. } => range.as_deref().map(range_tables).unwrap_or_default(),
    }
}
