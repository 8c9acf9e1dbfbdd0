//! Tokens cut where the grammar cuts them: at commas, brackets and gaps.

use std::ops::Range;

use super::lex::{Kind, Token};

/// What stands between two commas, and where that is.
pub(super) struct Piece<'s> {
    pub(super) tokens: &'s [Token],
    pub(super) place: Range<usize>,
}

/// The parts between commas outside all brackets.
pub(super) fn pieces(tokens: &[Token]) -> Vec<Piece<'_>> {
    let (mut pieces, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    let mut place = tokens.first().map(|first| first.span.clone()).unwrap_or_default();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Symbol('(' | '[' | '{') => depth += 1,
            Kind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Symbol(',') if depth == 0 => {
                let tokens = &tokens[start..index];
                pieces.push(piece(tokens, &place));
                (start, place) = (index + 1, token.span.clone());
            }
            _ => {}
        }
    }
    pieces.push(piece(tokens.get(start..).unwrap_or_default(), &place));
    pieces
}

fn piece<'s>(tokens: &'s [Token], place: &Range<usize>) -> Piece<'s> {
    Piece {
        place: if tokens.is_empty() {
            place.clone()
        } else {
            span_of(tokens)
        },
        tokens,
    }
}

/// A call's name, what stands in its brackets, and what follows them. Brackets are known to come in pairs.
pub(super) fn parted(tokens: &[Token]) -> (&[Token], &[Token], &[Token]) {
    let mut depth = 0_usize;
    let end = tokens.iter().position(|token| {
        match token.kind {
            Kind::Symbol('(' | '[' | '{') => depth += 1,
            Kind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => return false,
        }
        depth == 0
    });
    let end = end.unwrap_or(tokens.len());
    let name = tokens.get(..1).unwrap_or_default();
    let inside = tokens.get(2..end).unwrap_or_default();
    (name, inside, tokens.get(end + 1..).unwrap_or_default())
}

/// Whether tokens begin with `name: `, and not with `name::type`.
pub(super) fn begins_named(tokens: &[Token]) -> bool {
    let [name, colon, rest @ ..] = tokens else { return false };
    let apart = rest.first().is_none_or(|next| next.span.start > colon.span.end);
    name.kind == Kind::Word && colon.kind == Kind::Symbol(':') && name.span.end == colon.span.start && apart
}

pub(super) fn span_of(tokens: &[Token]) -> Range<usize> {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => first.span.start..last.span.end,
        _ => 0..0,
    }
}

/// How many tokens stand together at the beginning.
pub(super) fn adjacent(tokens: &[Token]) -> usize {
    let gaps = tokens
        .windows(2)
        .position(|pair| matches!(pair, [one, next] if one.span.end != next.span.start));
    gaps.map_or(tokens.len(), |last| last + 1)
}
