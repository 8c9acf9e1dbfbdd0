//! Conditions as the terms that AND puts together.

use sqlparser::ast::{BinaryOperator, Expr};

use super::Member;
use crate::relation::literal::nest;
use crate::relation::normal::{self, flat};
use crate::relation::tree::and;

/// A term of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// As it was written, in brackets where AND would take a part of it.
    pub expr: Expr,
    /// In a spelling that equal terms share; `None` where it was written in that.
    key: Option<Expr>,
}

impl Term {
    pub(super) fn is(&self, other: &Term) -> bool {
        self.key() == other.key()
    }

    fn key(&self) -> &Expr {
        self.key.as_ref().unwrap_or(&self.expr)
    }

    pub(super) fn into_key(self) -> Expr {
        self.key.unwrap_or(self.expr)
    }
}

/// The terms of a condition, in their order.
pub(super) fn terms(condition: Option<&Expr>) -> Vec<Term> {
    let terms = condition.into_iter().cloned();
    let terms = terms.flat_map(|condition| flat(condition, &BinaryOperator::And));
    terms.map(term).collect()
}

fn term(expr: Expr) -> Term {
    if !is_or(&expr) {
        return Term { expr, key: None };
    }
    // What is not bound yet has no text, and is compared as it stands.
    let key = normal::disjunction(expr.clone()).unwrap_or_else(|_| expr.clone());
    let mut expr = expr;
    nest(&mut expr);
    Term { expr, key: Some(key) }
}

fn is_or(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::BinaryOp {
            op: BinaryOperator::Or,
            ..
        }
    )
}

/// The terms that every member has, each once.
pub(super) fn common(members: &[Member]) -> Vec<Term> {
    let Some((first, others)) = members.split_first() else {
        return Vec::new();
    };
    let mut common: Vec<Term> = Vec::new();
    for term in first.terms.iter() {
        let everywhere = others.iter().all(|member| holds(&member.terms, term));
        if everywhere && !holds(&common, term) {
            common.push(term.clone());
        }
    }
    common
}

/// Whether a term is among others.
pub(super) fn holds(terms: &[Term], term: &Term) -> bool {
    terms.iter().any(|other| other.is(term))
}

/// All of them as one condition; none, where there are none.
pub(super) fn conjunction(terms: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    terms.into_iter().fold(None, |whole, term| and(whole, Some(term)))
}
