//! From text to a checked, normalised syntax tree.

use std::ops::Range;

use sqlparser::ast::{self, Visit, VisitMut};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use super::check::Checker;
use super::identifiers;
use super::literal;
use super::shape::{self, Shape};
use super::source::{Source, lower_first};
use super::tree::Parts;
use super::{Query, Relation, RelationError};

/// The stack that parsing gets where what is left may not do, in bytes of address space. The parser grows the stack itself
/// where expressions and queries nest, but not where joins do, and a level of those takes more than 100 KiB in a debug
/// build. A stack of its own for each text would cost more than to parse it.
const STACK: usize = 32 * 1024 * 1024;
/// What a text without joins may take, and what each level of joins may add.
const PLAIN: usize = 512 * 1024;
const LEVEL: usize = 192 * 1024;

/// Parse what may follow FROM.
pub(super) fn relation(text: &str) -> Result<Relation, RelationError> {
    stacker::maybe_grow(needed(text), STACK, || parse_relation(text))
}

/// Parse a whole SELECT.
pub(super) fn query(text: &str) -> Result<Query, RelationError> {
    stacker::maybe_grow(needed(text), STACK, || parse_whole_query(text))
}

/// Parse a lone expression, such as a column's name.
pub(super) fn expression(source: &Source<'_>) -> Result<ast::Expr, RelationError> {
    stacker::maybe_grow(needed(source.text()), STACK, || parse_expression(source))
}

/// The stack that a text takes at most, as far as its joins nest: one level for each bracket, and for each JOIN.
fn needed(text: &str) -> usize {
    let brackets = text.bytes().filter(|byte| *byte == b'(').count();
    let is_join = |four: &&[u8]| four.eq_ignore_ascii_case(b"join");
    let joins = text.as_bytes().windows(4).filter(is_join).count();
    PLAIN + LEVEL * (brackets + joins)
}

fn parse_relation(text: &str) -> Result<Relation, RelationError> {
    let source = Source::read(text)?;
    let query = parse_query(&source, true)?;
    let Shape {
        mut from,
        mut filter,
        mut groups,
    } = shape::of(*query, &source)?;
    let mut checker = Checker::new(&source);
    checker.check(&from)?;
    checker.check(&filter)?;
    checker.check(&groups)?;
    let main = shape::main_source(&from, &source)?;
    literal::normalise(&mut from);
    literal::normalise(&mut filter);
    literal::normalise(&mut groups);
    identifiers::quote_joins(&mut from);
    identifiers::quote(&mut from, None);
    let qualifier = from.joins.is_empty().then_some(main.alias.as_str());
    identifiers::quote(&mut filter, qualifier);
    identifiers::quote(&mut groups, qualifier);
    let parts = Parts {
        from,
        filter,
        groups,
        main,
    };
    Ok(Relation::new(parts))
}

fn parse_whole_query(text: &str) -> Result<Query, RelationError> {
    let source = Source::read(text)?;
    let mut query = parse_query(&source, false)?;
    Checker::new(&source).check(&query)?;
    literal::normalise(&mut query);
    identifiers::quote(&mut query, None);
    Ok(Query { query })
}

fn parse_expression(source: &Source<'_>) -> Result<ast::Expr, RelationError> {
    let mut parser = parser_over(source.tokens().to_vec());
    let parsed = parser.parse_expr().map_err(|error| parse_error(&error, source))?;
    expect_end(&parser, source)?;
    Ok(parsed)
}

fn parse_query(source: &Source<'_>, is_relation: bool) -> Result<Box<ast::Query>, RelationError> {
    if source
        .tokens()
        .iter()
        .all(|token| matches!(token.token, Token::Whitespace(_)))
    {
        let what = if is_relation { "a relation" } else { "a query" };
        let example = if is_relation {
            "users WHERE state = 'active'"
        } else {
            "SELECT MIN(id) FROM users"
        };
        return Err(RelationError::new(format!("{what} is expected, but the text is empty"))
            .help(format!("write what to read, such as `{example}`")));
    }
    if is_relation {
        expect_table(source)?;
    }
    let mut tokens = Vec::with_capacity(source.tokens().len() + 3);
    if is_relation {
        // The text follows these tokens, which have no place of their own, so that places stay those of the text.
        let lead = [Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
        tokens.extend(lead.map(|token| TokenWithSpan {
            token,
            span: Span::empty(),
        }));
    }
    tokens.extend(source.tokens().iter().cloned());
    let mut parser = parser_over(tokens);
    let query = parser.parse_query().map_err(|error| parse_error(&error, source))?;
    expect_end(&parser, source)?;
    Ok(query)
}

/// A clause's own word is a name to the parser, which would go on to complain about what follows.
fn expect_table(source: &Source<'_>) -> Result<(), RelationError> {
    let clauses = [
        Keyword::SELECT,
        Keyword::FROM,
        Keyword::WITH,
        Keyword::WHERE,
        Keyword::GROUP,
        Keyword::INSERT,
    ];
    let mut clauses = clauses
        .into_iter()
        .chain([Keyword::UPDATE, Keyword::DELETE, Keyword::VALUES, Keyword::JOIN]);
    let first = source
        .tokens()
        .iter()
        .find(|token| !matches!(token.token, Token::Whitespace(_)));
    match first {
        Some(TokenWithSpan {
            token: Token::Word(word),
            span,
        }) if word.quote_style.is_none() && clauses.any(|clause| clause == word.keyword) => Err(RelationError::new(
            format!("a relation starts with a table, not with `{}`", word.value),
        )
        .help("write only what follows FROM, such as `users WHERE state = 'active'`")
        .at(source.range(*span))),
        _ => Ok(()),
    }
}

fn parser_over(tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    static DIALECT: PostgreSqlDialect = PostgreSqlDialect {};
    Parser::new(&DIALECT).with_tokens_with_locations(tokens)
}

fn expect_end(parser: &Parser<'_>, source: &Source<'_>) -> Result<(), RelationError> {
    let next = parser.peek_token();
    if next.token == Token::EOF {
        return Ok(());
    }
    Err(RelationError::new(format!("unexpected `{}`", next.token))
        .help("what stands before it is complete: check for a missing operator, or remove the rest")
        .at(source.range(next.span)))
}

/// The parser gives its place only as the end of its message.
fn parse_error(error: &ParserError, source: &Source<'_>) -> RelationError {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
        ParserError::RecursionLimitExceeded => {
            return RelationError::new("expressions are nested too deep")
                .help("write it with fewer levels, or as a view of the database");
        }
    };
    let (message, location) = split_location(message);
    let message = match message.split_once(", found: ") {
        Some((expected, "EOF")) => format!("{expected}, found the end"),
        Some((expected, found)) => format!("{expected}, found `{found}`"),
        None => message.to_owned(),
    };
    RelationError::new(lower_first(message.replacen("Expected: ", "expected ", 1).trim()))
        .help("write it as PostgreSQL reads it")
        .at(Some(error_range(source, location)))
}

fn error_range(source: &Source<'_>, location: Option<Location>) -> Range<usize> {
    source.token_at(location.unwrap_or(Location {
        line: u64::MAX,
        column: 1,
    }))
}

fn split_location(message: &str) -> (&str, Option<Location>) {
    let Some((head, tail)) = message.rsplit_once(" at Line: ") else {
        return (message, None);
    };
    let location = tail.split_once(", Column: ").and_then(|(line, column)| {
        Some(Location {
            line: line.trim().parse().ok()?,
            column: column.trim().parse().ok()?,
        })
    });
    (if location.is_some() { head } else { message }, location)
}

impl Checker<'_, '_> {
    /// Walk a part of the tree; the first thing refused is the error.
    fn check<T: Visit>(&mut self, part: &T) -> Result<(), RelationError> {
        match part.visit(self) {
            std::ops::ControlFlow::Break(error) => Err(error),
            std::ops::ControlFlow::Continue(()) => Ok(()),
        }
    }
}

/// Walk a part of the tree and change it; a visitor that cannot fail.
pub(super) fn rewrite<T: VisitMut, V: ast::VisitorMut<Break = std::convert::Infallible>>(
    part: &mut T,
    visitor: &mut V,
) {
    match part.visit(visitor) {
        std::ops::ControlFlow::Continue(()) => {}
        std::ops::ControlFlow::Break(never) => match never {},
    }
}

/// Walk a part of the tree and change it; a visitor that may refuse it.
pub(super) fn try_rewrite<T: VisitMut, V: ast::VisitorMut<Break = RelationError>>(
    part: &mut T,
    visitor: &mut V,
) -> Result<(), RelationError> {
    match part.visit(visitor) {
        std::ops::ControlFlow::Continue(()) => Ok(()),
        std::ops::ControlFlow::Break(error) => Err(error),
    }
}
