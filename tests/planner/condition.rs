//! Conditions with everything that NULL makes of them, in words that both databases know.

use proptest::prelude::*;

use super::schema::name;

/// A condition, its aliases still to be chosen.
#[derive(Debug, Clone)]
pub enum Condition {
    /// One of the forms below, over two aliases and a table of a sub-query, each as any number.
    Plain {
        form: usize,
        aliases: [usize; 2],
        table: usize,
        number: i64,
    },
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

const FORMS: usize = 20;

pub fn condition() -> impl Strategy<Value = Condition> {
    let plain = (0..FORMS, [0usize..6, 0usize..6], 0usize..12, -2i64..5).prop_map(|(form, aliases, table, number)| {
        Condition::Plain {
            form,
            aliases,
            table,
            number,
        }
    });
    plain.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| Condition::And(Box::new(one), Box::new(other))),
            (inner.clone(), inner).prop_map(|(one, other)| Condition::Or(Box::new(one), Box::new(other))),
        ]
    })
}

impl Condition {
    /// The condition over these aliases.
    pub fn sql(&self, aliases: &[String], tables: usize) -> String {
        match self {
            Condition::Not(inner) => format!("NOT ({})", inner.sql(aliases, tables)),
            Condition::And(one, other) => {
                format!("({}) AND ({})", one.sql(aliases, tables), other.sql(aliases, tables))
            }
            Condition::Or(one, other) => format!("({} OR {})", one.sql(aliases, tables), other.sql(aliases, tables)),
            Condition::Plain {
                form,
                aliases: [one, other],
                table,
                number,
            } => {
                let (t, u) = (&aliases[one % aliases.len()], &aliases[other % aliases.len()]);
                plain(*form, t, u, &name(table % tables), *number)
            }
        }
    }
}

fn plain(form: usize, t: &str, u: &str, table: &str, k: i64) -> String {
    match form {
        0 => format!("{t}.a > {k}"),
        1 => format!("{t}.a IS NULL"),
        2 => format!("{t}.a IS NOT NULL"),
        3 => format!("{t}.a IN ({k}, {})", k + 1),
        4 => format!("{t}.a NOT IN ({k}, {})", k + 2),
        // Never true, and never false but for k itself.
        5 => format!("{t}.a NOT IN ({k}, NULL)"),
        6 => format!("{t}.flag"),
        7 => format!("{t}.txt = 'it''s'"),
        8 => format!("{t}.txt <> 'x'"),
        9 => format!("{t}.num > {k}0.5"),
        10 => format!("{t}.n % 3 = {}", k.rem_euclid(3)),
        11 => format!("{t}.big BETWEEN -100000000000 AND {k}00000000000"),
        12 => format!("{t}.a = {u}.a"),
        13 => format!("({t}.a <> {u}.a OR {t}.flag IS NULL)"),
        14 => format!("COALESCE({t}.a, 0) >= {k}"),
        15 => format!("({t}.a > {k}) IS NOT TRUE"),
        16 => format!("EXISTS (SELECT 1 FROM {table} AS s WHERE s.code = {t}.ref AND s.flag)"),
        17 => format!("{t}.ref IN (SELECT s.code FROM {table} AS s WHERE s.a > {k})"),
        18 => format!("{t}.created_at > '2026-11-0{} 06:30:00'", k + 3),
        _ => format!("{t}.n > {k}00"),
    }
}
