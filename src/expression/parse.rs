//! From a line's text to what it asks for.

use std::ops::Range;

use super::arguments;
use super::error::ExpressionError;
use super::lex::{self, Kind, Token};
use super::pieces::{parted, pieces, span_of};
use super::tree::{Asked, Expression, Line, Operator};
use super::{STATEMENTS, help};
use crate::definition::offer;
use crate::measure::Number;
use crate::relation::Query;

/// The longest line that is read, in bytes, as the longest relation is.
const MOST_BYTES: usize = 64 * 1024;
/// How deep sums may stand in each other.
const DEEPEST: usize = 8;

/// The first words of SQL's statements that do more than read.
const ACTING: [&str; 24] = [
    "alter", "analyze", "begin", "call", "cluster", "commit", "copy", "create", "delete", "do", "drop", "grant",
    "insert", "lock", "merge", "pragma", "reindex", "revoke", "rollback", "set", "truncate", "update", "vacuum",
    "attach",
];

pub(super) type Parsed<T> = Result<T, ExpressionError>;

/// What a line asks for; a line may go over several lines of text.
///
/// # Errors
/// Whatever is not of the grammar, and SQL that does more than read, with its place.
pub fn parse(text: &str) -> Parsed<Line> {
    if text.len() > MOST_BYTES {
        return Err(ExpressionError::new(
            0..0,
            format!("the line is longer than {MOST_BYTES} bytes"),
        ));
    }
    let lexed = lex::tokens(text);
    if let Some(opener) = lexed.unclosed {
        return Err(ExpressionError::new(opener, "this is opened, and never closed").help("close the quote or comment"));
    }
    let mut tokens = lexed.tokens;
    tokens.retain(|token| !matches!(token.kind, Kind::Space | Kind::Comment));
    check_symbols(&tokens)?;
    Reader { text }.line(&tokens)
}

/// Brackets come in pairs, and nothing follows a `;`.
fn check_symbols(tokens: &[Token]) -> Parsed<()> {
    let mut open: Vec<(char, &Range<usize>)> = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Symbol(';') => {
                let error = ExpressionError::new(token.span.clone(), "`;` does not belong here");
                return Err(error.help("write one expression or one SELECT, without a `;`"));
            }
            Kind::Symbol(bracket @ ('(' | '[' | '{')) => open.push((closing(bracket), &token.span)),
            Kind::Symbol(bracket @ (')' | ']' | '}')) => match open.pop() {
                Some((expected, _)) if expected == bracket => {}
                Some((expected, _)) => {
                    let message = format!("expected `{expected}`, found `{bracket}`");
                    return Err(ExpressionError::new(token.span.clone(), message));
                }
                None => {
                    return Err(ExpressionError::new(
                        token.span.clone(),
                        "nothing is open that this could close",
                    ));
                }
            },
            _ => {}
        }
    }
    match open.pop() {
        Some((expected, span)) => {
            let error = ExpressionError::new(span.clone(), "this is opened, and never closed");
            Err(error.help(format!("add `{expected}`")))
        }
        None => Ok(()),
    }
}

fn closing(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// Reads tokens, which white space and comments are left out of, as parts of the grammar.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
}

impl<'t> Reader<'t> {
    pub(super) fn text_of(self, tokens: &[Token]) -> &'t str {
        self.text.get(span_of(tokens)).unwrap_or_default()
    }

    pub(super) fn word(self, token: Option<&Token>) -> Option<&'t str> {
        let token = token.filter(|token| token.kind == Kind::Word)?;
        self.text.get(token.span.clone())
    }

    fn line(self, tokens: &[Token]) -> Parsed<Line> {
        let Some((first, rest)) = tokens.split_first() else {
            return Ok(Line::Empty);
        };
        let Some(word) = self.word(Some(first)) else {
            return self.expression(tokens, 0).map(Line::Value);
        };
        match rest.first().map(|token| token.kind) {
            Some(Kind::Symbol('=')) => self.binding(word, first, rest.get(1..).unwrap_or_default()),
            Some(Kind::Symbol('(' | '.')) => self.expression(tokens, 0).map(Line::Value),
            _ => match self.statement(word, rest)? {
                Some(line) => Ok(line),
                None if starts_query(word) => self.query(tokens).map(|sql| Line::Sql(Asked::Query(sql))),
                None => {
                    self.refuse_acting(word, tokens)?;
                    self.expression(tokens, 0).map(Line::Value)
                }
            },
        }
    }

    fn binding(self, name: &str, token: &Token, tokens: &[Token]) -> Parsed<Line> {
        if Operator::of(name).is_some() || STATEMENTS.contains(&name) || ["add", "minimum", "maximum"].contains(&name) {
            let error = ExpressionError::new(token.span.clone(), format!("`{name}` is a word of this language"));
            return Err(error.help("choose another name"));
        }
        if tokens.is_empty() {
            let end = self.text.len();
            return Err(
                ExpressionError::new(end..end, "an expression is missing").help("such as `name = count(users)`")
            );
        }
        Ok(Line::Bind {
            name: name.to_owned(),
            expression: self.expression(tokens, 0)?,
        })
    }

    /// An expression, or a query that is only read.
    pub(super) fn asked(self, statement: &str, tokens: &[Token]) -> Parsed<Asked> {
        let Some(first) = tokens.first() else {
            return Err(self.missing("an expression or a SELECT", &format!("{statement} count(users)")));
        };
        let word = self.word(Some(first)).unwrap_or_default();
        if starts_query(word) || first.kind == Kind::Symbol('(') {
            return self.query(tokens).map(Asked::Query);
        }
        self.refuse_acting(word, tokens)?;
        self.expression(tokens, 0).map(Asked::Expression)
    }

    /// A SELECT, checked to do no more than read.
    pub(super) fn query(self, tokens: &[Token]) -> Parsed<String> {
        let (text, place) = (self.text_of(tokens), span_of(tokens));
        let query = Query::parse(text).map_err(|error| ExpressionError::of_sql(error, place.clone(), 0))?;
        arguments::no_placeholder(&query.placeholders(), text, &place)?;
        Ok(text.to_owned())
    }

    fn refuse_acting(self, word: &str, tokens: &[Token]) -> Parsed<()> {
        let followed = tokens.get(1).is_some_and(|next| next.kind == Kind::Word);
        if !followed || !ACTING.contains(&word.to_ascii_lowercase().as_str()) {
            return Ok(());
        }
        let span = tokens.first().map(|token| token.span.clone()).unwrap_or_default();
        let message = format!("`{word}` does more than read, and the console only reads");
        Err(ExpressionError::new(span, message)
            .help("read with `sql SELECT …`; count an event with `track NAME VALUE`"))
    }

    /// An expression that takes all the tokens.
    pub(super) fn expression(self, tokens: &[Token], depth: usize) -> Parsed<Expression> {
        if depth > DEEPEST {
            let error = ExpressionError::new(span_of(tokens), "sums are nested too deep");
            return Err(error.help(format!("write at most {DEEPEST} levels; a sum of sums is one sum")));
        }
        if tokens.get(1).is_some_and(|token| token.kind == Kind::Symbol('(')) {
            return self.call(tokens, depth);
        }
        let text = self.text_of(tokens);
        if let Some(number) = number(text) {
            return Ok(Expression::Number(number));
        }
        if is_name(text) {
            return Ok(Expression::Name(text.to_owned()));
        }
        let error = ExpressionError::new(span_of(tokens), "this is no expression");
        Err(error.help("write `count(users)`, `add(…, …)`, a number, a metric or a class; `help` shows all"))
    }

    fn call(self, tokens: &[Token], depth: usize) -> Parsed<Expression> {
        let (name, inside, after) = parted(tokens);
        self.no_more(after)?;
        let word = self.text_of(name);
        if word == "add" {
            if inside.is_empty() {
                return Ok(Expression::Add(Vec::new()));
            }
            let parts = pieces(inside).into_iter().map(|piece| {
                if piece.tokens.is_empty() {
                    return Err(ExpressionError::new(piece.place, "an expression is missing"));
                }
                self.expression(piece.tokens, depth + 1)
            });
            return parts.collect::<Parsed<Vec<Expression>>>().map(Expression::Add);
        }
        let Some(operator) = Operator::of(word) else {
            return Err(no_operation(word, span_of(name)));
        };
        arguments::call(self, operator, span_of(name), inside).map(|call| Expression::Call(Box::new(call)))
    }
}

fn starts_query(word: &str) -> bool {
    ["select", "with"].iter().any(|start| word.eq_ignore_ascii_case(start))
}

fn no_operation(word: &str, span: Range<usize>) -> ExpressionError {
    let known = Operator::ALL.map(Operator::as_str).into_iter().chain(["add"]);
    let error = ExpressionError::new(span, format!("there is no operation `{word}`"));
    error.help(offer(word, known).unwrap_or_else(|| help::OPERATIONS.to_owned()))
}

/// A number without an exponent.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain =
        digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    if !plain || digits.ends_with('.') {
        return None;
    }
    match text.parse::<i64>() {
        Ok(integer) => Some(Number::Integer(integer)),
        Err(_) => text
            .parse::<f64>()
            .ok()
            .filter(|float| float.is_finite())
            .map(Number::Float),
    }
}

/// A key path, a class or a bound name.
fn is_name(text: &str) -> bool {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(belongs) && !text.contains("--")
}
