//! From a line's text to what it asks for.

use std::ops::Range;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::arguments;
use super::error::ExpressionError;
use super::lex::{self, Kind, Token};
use super::tree::{Asked, Expression, Line, MetricAsked, Operator};
use super::{STATEMENTS, help};
use crate::definition::{TimeFrame, nearest};
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

type Parsed<T> = Result<T, ExpressionError>;

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

    fn word(self, token: Option<&Token>) -> Option<&'t str> {
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

    fn statement(self, word: &str, rest: &[Token]) -> Parsed<Option<Line>> {
        Ok(Some(match word {
            "metric" => Line::Metric(self.metric(rest)?),
            "sql" => Line::Sql(self.asked(word, rest)?),
            "explain" => Line::Explain(self.asked(word, rest)?),
            "track" => {
                let mut words = self.words(rest).into_iter().map(|word| word.text);
                let name = words
                    .next()
                    .ok_or_else(|| self.missing("an event's name", "track NAME VALUE…"))?;
                Line::Track {
                    name,
                    values: words.collect(),
                }
            }
            "unique_events" => self.unique_events(rest)?,
            "tables" => Line::Tables(self.at_most_one(rest)?),
            "metrics" => Line::Metrics(self.at_most_one(rest)?),
            "events" => Line::Events(self.at_most_one(rest)?),
            "help" => Line::Help(self.at_most_one(rest)?),
            "columns" => {
                let table = self.at_most_one(rest)?;
                Line::Columns(table.ok_or_else(|| self.missing("a table's name", "columns users"))?)
            }
            "quit" | "exit" => {
                self.no_more(rest)?;
                Line::Quit
            }
            _ => return Ok(None),
        }))
    }

    fn missing(self, what: &str, example: &str) -> ExpressionError {
        let end = self.text.trim_end().len();
        ExpressionError::new(end..end, format!("{what} is missing")).help(format!("write `{example}`"))
    }

    fn no_more(self, tokens: &[Token]) -> Parsed<()> {
        match tokens.first() {
            None => Ok(()),
            Some(_) => Err(ExpressionError::new(span_of(tokens), "nothing can follow here").help("remove it")),
        }
    }

    /// An expression, or a query that is only read.
    fn asked(self, statement: &str, tokens: &[Token]) -> Parsed<Asked> {
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

    fn metric(self, tokens: &[Token]) -> Parsed<MetricAsked> {
        let length = adjacent(tokens);
        let (name, options) = tokens.split_at(length);
        let Some(name) = self.words(name).pop() else {
            return Err(self.missing("a metric's or class's name", "metric counts.issues"));
        };
        let mut asked = MetricAsked {
            name: name.text,
            time_frame: None,
            options: Map::new(),
        };
        for (option, value) in self.named(options)? {
            let text = self.text_of(value);
            if option == "time_frame" {
                asked.time_frame = Some(time_frame(text, span_of(value))?);
                continue;
            }
            let value: Value = serde_yaml::from_str(text).map_err(|_| {
                ExpressionError::new(span_of(value), format!("the value of `{option}` is not YAML"))
                    .help("write a word, a number, 'a text' or [a, list]")
            })?;
            asked.options.insert(option.to_owned(), value);
        }
        Ok(asked)
    }

    /// `name: value name: value`; a value ends where the next name begins.
    fn named<'s>(self, tokens: &'s [Token]) -> Parsed<Vec<(&'t str, &'s [Token])>> {
        let mut starts: Vec<usize> = Vec::new();
        let mut depth = 0_usize;
        for (index, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Symbol('(' | '[' | '{') => depth += 1,
                Kind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
                Kind::Word if depth == 0 && begins_named(&tokens[index..]) => starts.push(index),
                _ => {}
            }
        }
        if starts.first() != Some(&0) && !tokens.is_empty() {
            let error = ExpressionError::new(span_of(tokens), "options are named");
            return Err(error.help("write `name: value`, such as `time_frame: 28d`"));
        }
        let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
        let pairs = starts.iter().zip(ends).map(|(start, end)| {
            let name = self.word(tokens.get(*start)).unwrap_or_default();
            (name, tokens.get(start + 2..end).unwrap_or_default())
        });
        let pairs: Vec<(&str, &[Token])> = pairs.collect();
        match pairs.iter().zip(&starts).find(|((_, value), _)| value.is_empty()) {
            Some(((name, _), start)) => {
                let span = tokens.get(*start).map(|token| token.span.clone()).unwrap_or_default();
                Err(ExpressionError::new(span, format!("`{name}` has no value")))
            }
            None => Ok(pairs),
        }
    }

    fn unique_events(self, tokens: &[Token]) -> Parsed<Line> {
        let (mut names, mut from, mut to) = (Vec::new(), None, None);
        let mut words = self.words(tokens).into_iter();
        while let Some(word) = words.next() {
            let end = match word.text.split_once(':') {
                Some(("from", day)) if !word.quoted => (&mut from, day),
                Some(("to", day)) if !word.quoted => (&mut to, day),
                _ => {
                    names.push(word.text);
                    continue;
                }
            };
            let (text, span) = match end.1 {
                "" => words
                    .next()
                    .map_or((String::new(), word.span), |next| (next.text, next.span)),
                day => (day.to_owned(), word.span),
            };
            let wrong = || ExpressionError::new(span.clone(), "a day is expected").help("write it as 2026-11-01");
            *end.0 = Some(text.parse::<NaiveDate>().map_err(|_| wrong())?);
        }
        if names.is_empty() {
            return Err(self.missing("an event's name", "unique_events NAME from: 2026-11-01 to: 2026-11-30"));
        }
        Ok(Line::UniqueEvents { names, from, to })
    }

    fn at_most_one(self, tokens: &[Token]) -> Parsed<Option<String>> {
        let length = adjacent(tokens);
        let (first, more) = tokens.split_at(length);
        self.no_more(more)?;
        Ok(self.words(first).pop().map(|word| word.text))
    }

    /// Tokens that stand together are one word; quotes around a whole word are not part of it.
    fn words(self, tokens: &[Token]) -> Vec<Word> {
        let (mut words, mut rest) = (Vec::new(), tokens);
        while !rest.is_empty() {
            let (word, more) = rest.split_at(adjacent(rest));
            words.push(Word::of(self.text_of(word), word));
            rest = more;
        }
        words
    }
}

/// A word of a statement.
struct Word {
    text: String,
    span: Range<usize>,
    quoted: bool,
}

impl Word {
    fn of(text: &str, tokens: &[Token]) -> Word {
        let quote = match tokens {
            [Token { kind: Kind::Text, .. }] => Some('\''),
            [
                Token {
                    kind: Kind::QuotedName, ..
                },
            ] => Some('"'),
            _ => None,
        };
        let inner = quote.and_then(|quote| {
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
        });
        Word {
            quoted: inner.is_some(),
            text: inner.unwrap_or_else(|| text.to_owned()),
            span: span_of(tokens),
        }
    }
}

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

pub(super) fn time_frame(text: &str, span: Range<usize>) -> Parsed<TimeFrame> {
    let frames = [
        TimeFrame::SevenDays,
        TimeFrame::TwentyEightDays,
        TimeFrame::All,
        TimeFrame::None,
    ];
    let frame = frames.into_iter().find(|frame| frame.as_str() == text);
    frame.ok_or_else(|| {
        ExpressionError::new(span, format!("there is no time frame `{text}`")).help("write 7d, 28d, all or none")
    })
}

/// How many tokens stand together at the beginning.
fn adjacent(tokens: &[Token]) -> usize {
    let gaps = tokens
        .windows(2)
        .position(|pair| matches!(pair, [one, next] if one.span.end != next.span.start));
    gaps.map_or(tokens.len(), |last| last + 1)
}

fn starts_query(word: &str) -> bool {
    ["select", "with"].iter().any(|start| word.eq_ignore_ascii_case(start))
}

fn no_operation(word: &str, span: Range<usize>) -> ExpressionError {
    let known = Operator::ALL.map(Operator::as_str).into_iter().chain(["add"]);
    let error = ExpressionError::new(span, format!("there is no operation `{word}`"));
    match nearest(word, known, 3).as_slice() {
        [] => error.help(help::OPERATIONS),
        nearest => error.help(format!("did you mean `{}`?", nearest.join("`, `"))),
    }
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
