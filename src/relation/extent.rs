//! The part of a text that a part of its tree came from.

use std::convert::Infallible;
use std::ops::ControlFlow::{self, Continue};

use sqlparser::ast::{Ident, ValueWithSpan, Visit, Visitor};
use sqlparser::tokenizer::Span;

/// From the first name or value of a part of a tree to its last. The parser's own spans are found by a recursion that
/// nothing bounds; this visit is as safe as every other.
pub(super) fn of<T: Visit>(part: &T) -> Span {
    let mut extent = Extent(Span::empty());
    match part.visit(&mut extent) {
        Continue(()) => extent.0,
        ControlFlow::Break(never) => match never {},
    }
}

struct Extent(Span);

impl Visitor for Extent {
    type Break = Infallible;

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<Infallible> {
        self.0 = self.0.union(&ident.span);
        Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Infallible> {
        self.0 = self.0.union(&value.span);
        Continue(())
    }
}
