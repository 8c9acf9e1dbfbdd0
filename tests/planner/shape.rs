//! What stands in FROM: one table, or some joined along their references, up and down.

use proptest::prelude::*;

use super::condition::{Condition, condition};
use super::schema::{Table, name};

/// A FROM, its tables as any numbers.
#[derive(Debug, Clone)]
pub struct Shape {
    main: usize,
    has_alias: bool,
    joins: Vec<Join>,
}

#[derive(Debug, Clone)]
struct Join {
    left: bool,
    /// Whether the table before refers to the joined one, or is referred to by it.
    up: bool,
    table: usize,
    /// What the join asks beside the reference.
    also: Option<Condition>,
}

/// A FROM over tables that there are.
#[derive(Debug, Clone)]
pub struct From {
    pub sql: String,
    /// Each alias with its table; the main one first.
    pub aliases: Vec<(String, usize)>,
}

pub fn shape() -> impl Strategy<Value = Shape> {
    let join = (
        any::<bool>(),
        any::<bool>(),
        0usize..12,
        prop::option::weighted(0.3, condition()),
    )
        .prop_map(|(left, up, table, also)| Join { left, up, table, also })
        .boxed();
    let joins = prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::collection::vec(join.clone(), 1),
        1 => prop::collection::vec(join, 2),
    ];
    (0usize..12, any::<bool>(), joins).prop_map(|(main, has_alias, joins)| Shape { main, has_alias, joins })
}

impl Shape {
    pub fn from(&self, tables: &[Table]) -> From {
        let count = tables.len();
        let main = self.main % count;
        let mut from = match self.has_alias || !self.joins.is_empty() {
            true => From {
                sql: format!("{} AS x0", name(main)),
                aliases: vec![("x0".to_owned(), main)],
            },
            false => From {
                sql: name(main),
                aliases: vec![(name(main), main)],
            },
        };
        for join in &self.joins {
            join.add(&mut from, tables);
        }
        from
    }
}

impl Join {
    fn add(&self, from: &mut From, tables: &[Table]) {
        let Some((before, of)) = from.aliases.last().cloned() else {
            return;
        };
        let alias = format!("x{}", from.aliases.len());
        let children: Vec<usize> = (0..tables.len())
            .filter(|child| tables[*child].parent(tables.len()) == of)
            .collect();
        let up = self.up || children.is_empty();
        let (table, reference) = match up {
            true => (tables[of].parent(tables.len()), format!("{alias}.code = {before}.ref")),
            false => (
                children[self.table % children.len()],
                format!("{alias}.ref = {before}.code"),
            ),
        };
        from.aliases.push((alias.clone(), table));
        let names: Vec<String> = from.aliases.iter().map(|(alias, _)| alias.clone()).collect();
        let also = self.also.as_ref().map_or(String::new(), |also| {
            format!(" AND ({})", also.sql(&names, tables.len()))
        });
        let join = if self.left { "LEFT JOIN" } else { "JOIN" };
        from.sql += &format!(" {join} {} AS {alias} ON {reference}{also}", name(table));
    }
}
