//! One spelling for relations that differ in how they were written alone.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr};

use super::literal::nest;
use super::tree::and;
use super::{Dialect, Relation, RelationError, render};

impl Relation {
    /// `FROM … [WHERE …] [GROUP BY …]` in a spelling that neither white space and quotes nor brackets and the order of
    /// conditions change: relations of equal spellings hold the same rows.
    ///
    /// # Errors
    ///
    /// A placeholder that is not bound.
    pub fn normal_text(&self) -> Result<String, RelationError> {
        let mut relation = self.clone();
        let parts = relation.parts_mut();
        parts.filter = match parts.filter.take() {
            Some(filter) => conjunction(filter)?,
            None => None,
        };
        relation.tail(Dialect::Postgres, None)
    }

    /// The terms that AND puts together in its WHERE, each in the spelling of [`normal_text`](Self::normal_text), sorted,
    /// each once: a row is one of the relation's where all of them are true.
    ///
    /// # Errors
    ///
    /// A placeholder that is not bound.
    pub fn terms(&self) -> Result<Vec<String>, RelationError> {
        let terms = self.parts.filter.clone().into_iter();
        let terms = terms.flat_map(|filter| flat(filter, &BinaryOperator::And));
        let texts: Result<BTreeSet<String>, RelationError> = terms
            .map(|term| render::text(&disjunction(term)?, Dialect::Postgres))
            .collect();
        Ok(texts?.into_iter().collect())
    }
}

impl Relation {
    /// What stands after FROM, up to WHERE: relations of equal texts read the same rows before any condition.
    ///
    /// # Errors
    ///
    /// A placeholder that is not bound.
    pub fn from_text(&self) -> Result<String, RelationError> {
        render::text(&self.parts.from, Dialect::Postgres)
    }
}

/// The conditions that AND puts together, sorted and each once.
fn conjunction(filter: Expr) -> Result<Option<Expr>, RelationError> {
    let mut terms = Vec::new();
    for term in flat(filter, &BinaryOperator::And) {
        let term = disjunction(term)?;
        terms.push((render::text(&term, Dialect::Postgres)?, term));
    }
    terms.sort_by(|(left, _), (right, _)| left.cmp(right));
    terms.dedup();
    Ok(terms.into_iter().fold(None, |whole, (_, term)| and(whole, Some(term))))
}

/// The same for OR; what stands deeper is left as it is.
pub(super) fn disjunction(term: Expr) -> Result<Expr, RelationError> {
    let mut terms = Vec::new();
    for term in flat(term, &BinaryOperator::Or) {
        terms.push((render::text(&term, Dialect::Postgres)?, term));
    }
    terms.sort_by(|(left, _), (right, _)| left.cmp(right));
    terms.dedup();
    let several = terms.len() > 1;
    let joined = terms
        .into_iter()
        .map(|(_, term)| term)
        .reduce(|left, right| Expr::BinaryOp {
            left: Box::new(left),
            op: BinaryOperator::Or,
            right: Box::new(right),
        });
    let mut joined = joined.ok_or_else(|| RelationError::new("a condition is empty"))?;
    if several {
        nest(&mut joined);
    }
    Ok(joined)
}

/// The terms of a chain of one operator, brackets around parts of the chain taken off.
pub(super) fn flat(expr: Expr, chain: &BinaryOperator) -> Vec<Expr> {
    let (mut found, mut open) = (Vec::new(), vec![expr]);
    while let Some(expr) = open.pop() {
        match expr {
            Expr::Nested(inner) => open.push(*inner),
            Expr::BinaryOp { left, op, right } if op == *chain => open.extend([*right, *left]),
            term => found.push(term),
        }
    }
    found
}
