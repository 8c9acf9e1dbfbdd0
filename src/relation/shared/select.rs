//! The statement of a shared relation.

use sqlparser::ast::Expr;

use super::list::{SelectList, is_packed};
use super::member::{Member, place};
use super::{Places, SharedRelation, SharedStatement};
use crate::relation::select::{aggregate_text, range_condition};
use crate::relation::tree::{and, column_expr};
use crate::relation::{Aggregate, Column, Dialect, KeyRange, Relation, RelationError};

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
        let frame = self.frame(dialect, asked)?;
        Ok(SharedStatement {
            sql: frame.statement(range)?,
            places: frame.places,
            packed: frame.packed,
        })
    }

    /// What the statements of all ranges have in common, written once: a list of hundreds of aggregates takes longer to
    /// write than a range of it takes to send.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub fn frame(&self, dialect: Dialect, asked: &[Vec<Aggregate>]) -> Result<SharedFrame, RelationError> {
        match (self.members.as_slice(), asked) {
            ([only], [aggregates]) if !needs_text(only, aggregates, dialect) && !only.has_parameters() => {
                self.alone(dialect, only, aggregates)
            }
            (members, asked) if members.len() == asked.len() && !members.is_empty() => {
                self.check(asked)?;
                self.together(dialect, asked)
            }
            _ => Err(RelationError::new("nothing is asked of the rows")),
        }
    }

    /// The text of [`Relation::select`](super::Relation::select).
    fn alone(&self, dialect: Dialect, member: &Member, aggregates: &[Aggregate]) -> Result<SharedFrame, RelationError> {
        // What it refuses is refused here as well.
        member.relation.select(dialect, aggregates, None)?;
        let mut items = member.relation.group_texts(dialect)?;
        let width = items.len();
        for aggregate in aggregates {
            items.push(aggregate_text(aggregate, dialect)?);
        }
        let packed = (width..).zip(aggregates).filter(|(_, aggregate)| is_packed(aggregate));
        Ok(SharedFrame {
            items: items.join(", "),
            places: vec![Places {
                keys: (0..width).collect(),
                rows: None,
                values: (width..width + aggregates.len()).collect(),
            }],
            packed: packed.map(|(place, _)| place).collect(),
            values: aggregates.iter().find_map(|aggregate| match aggregate {
                Aggregate::Values(column) => Some(column.clone()),
                _ => None,
            }),
            whole: member.relation.clone(),
            is_uniform: true,
            dialect,
        })
    }

    fn together(&self, dialect: Dialect, asked: &[Vec<Aggregate>]) -> Result<SharedFrame, RelationError> {
        let has_parameters = self.members.iter().any(Member::has_parameters);
        let mut list = SelectList::new(dialect, asked, has_parameters);
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
        Ok(SharedFrame {
            items,
            places,
            packed,
            values: None,
            whole: self.whole.clone(),
            is_uniform: self.is_uniform,
            dialect,
        })
    }

    fn check(&self, asked: &[Vec<Aggregate>]) -> Result<(), RelationError> {
        for (member, aggregates) in self.members.iter().zip(asked) {
            if aggregates.is_empty() {
                return Err(RelationError::new("nothing is asked of the rows"));
            }
            for aggregate in aggregates {
                check_aggregate(member, aggregate, self.members.len())?;
            }
        }
        Ok(())
    }
}

/// A shared statement without its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFrame {
    items: String,
    /// For each member, in their order.
    pub places: Vec<Places>,
    /// The columns of the answer that hold packed values.
    pub packed: Vec<usize>,
    /// The column whose values are asked for, if it is not aggregates.
    values: Option<Column>,
    whole: Relation,
    is_uniform: bool,
    dialect: Dialect,
}

impl SharedFrame {
    /// The statement over the rows in the range.
    ///
    /// # Errors
    /// A range that the dialect has not, or over a table that not all members read alike.
    pub fn statement(&self, range: Option<&KeyRange>) -> Result<String, RelationError> {
        let reads_alike = |table: &str| self.is_uniform || table == self.whole.main_alias();
        if !range.into_iter().flat_map(range_tables).all(reads_alike) {
            return Err(RelationError::new(
                "the range is over a table that not all relations read alike",
            ));
        }
        let (whole, range) = self.whole.over(range)?;
        let mut extra = range_condition(range, self.dialect)?;
        if let Some(column) = &self.values {
            extra = and(extra, Some(Expr::IsNotNull(Box::new(column_expr(column)))));
        }
        Ok(format!("SELECT {} {}", self.items, whole.tail(self.dialect, extra)?))
    }
}

/// Whether a packed value comes with others, which then have to be made text.
fn needs_text(member: &Member, aggregates: &[Aggregate], dialect: Dialect) -> bool {
    let has_company = aggregates.len() > 1 || member.relation.is_grouped();
    dialect == Dialect::Postgres && has_company && aggregates.iter().any(is_packed)
}

fn check_aggregate(member: &Member, aggregate: &Aggregate, members: usize) -> Result<(), RelationError> {
    let column = match aggregate {
        Aggregate::CountRows => return Ok(()),
        Aggregate::Count(column) | Aggregate::Sum(column) | Aggregate::PackedIntegers(column, _) => column,
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
