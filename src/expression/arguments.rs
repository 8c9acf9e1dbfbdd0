//! What stands in the brackets of an operation: the relation, and what follows it.

use std::ops::Range;

use super::ARGUMENTS;
use super::end::end;
use super::error::ExpressionError;
use super::lex::{Kind, Token};
use super::parse::{Parsed, Reader};
use super::pieces::{Piece, begins_named, pieces, span_of};
use super::statement::time_frame;
use super::tree::{Call, End, Operator};
use crate::definition::offer;
use crate::relation::Relation;

/// Histograms of more buckets are refused (spec 8).
const MOST_BUCKETS: i64 = 100;

/// Reads a call of `operator`, whose name stands at `name`.
pub(super) fn call(reader: Reader<'_>, operator: Operator, name: Range<usize>, inside: &[Token]) -> Parsed<Call> {
    let mut pieces = pieces(inside).into_iter();
    let first = pieces.next().map(|piece| piece.tokens).unwrap_or_default();
    if first.is_empty() {
        let error = ExpressionError::new(name, "a relation is missing");
        return Err(error.help(format!("write `{}(users)`", operator.as_str())));
    }
    let rest: Vec<Piece<'_>> = pieces.collect();
    let grouped = groups(reader, first);
    // GROUP BY takes what is not named.
    let own = if grouped {
        rest.iter().take_while(|piece| !begins_named(piece.tokens)).count()
    } else {
        0
    };
    let (of_relation, arguments) = rest.split_at(own);
    let end = of_relation
        .last()
        .map_or_else(|| span_of(first), |piece| piece.place.clone())
        .end;
    let place = span_of(first).start..end;
    let text = reader.text.get(place.clone()).unwrap_or_default();
    let relation = Relation::parse(text).map_err(|error| ExpressionError::of_sql(error, place.clone(), 0))?;
    no_placeholder(&relation.placeholders(), text, &place)?;
    let mut filler = Filler {
        reader,
        relation: &relation,
        by_place: 0,
        call: Call {
            operator,
            relation: text.to_owned(),
            column: None,
            start: None,
            finish: None,
            batch_size: None,
            database: None,
            timestamp_column: None,
            time_frame: None,
            buckets: None,
            bucket_size: None,
        },
    };
    arguments.iter().try_for_each(|piece| filler.argument(piece))?;
    let call = filler.call;
    check(&call, &relation, name)?;
    Ok(call)
}

/// Whether GROUP BY stands outside all brackets.
fn groups(reader: Reader<'_>, tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    let is = |token: &Token, word: &str| {
        token.kind == Kind::Word && reader.text_of(std::slice::from_ref(token)).eq_ignore_ascii_case(word)
    };
    tokens.windows(2).any(|pair| {
        let [one, next] = pair else { return false };
        match one.kind {
            Kind::Symbol('(' | '[' | '{') => depth += 1,
            Kind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is(one, "group") && is(next, "by")
    })
}

/// Nobody gives a value for a placeholder here; `:now` has one.
pub(super) fn no_placeholder(names: &[String], text: &str, place: &Range<usize>) -> Parsed<()> {
    let Some(name) = names.first() else { return Ok(()) };
    let wanted = format!(":{name}");
    let at = text.find(&wanted).map_or(place.start, |at| place.start + at);
    let error = ExpressionError::new(
        at..(at + wanted.len()).min(place.end),
        format!("`{wanted}` has no value here"),
    );
    Err(error.help("write the value itself; `:now` alone is known"))
}

/// Fills a call with its arguments.
struct Filler<'t, 'r> {
    reader: Reader<'t>,
    relation: &'r Relation,
    /// How many arguments were given without a name.
    by_place: usize,
    call: Call,
}

impl Filler<'_, '_> {
    fn argument(&mut self, piece: &Piece<'_>) -> Parsed<()> {
        if piece.tokens.is_empty() {
            return Err(ExpressionError::new(piece.place.clone(), "an argument is missing").help("remove the comma"));
        }
        if !begins_named(piece.tokens) {
            let name = ["column", "start", "finish"].get(self.by_place).copied();
            self.by_place += 1;
            return match name {
                Some(name) => self.fill(name, piece.place.clone(), piece.tokens),
                None => Err(
                    ExpressionError::new(piece.place.clone(), "too many arguments without a name")
                        .help("column, start and finish may stand without one"),
                ),
            };
        }
        let (name, value) = piece.tokens.split_at(2);
        let word = self.reader.text_of(name.get(..1).unwrap_or_default());
        if value.is_empty() {
            return Err(ExpressionError::new(
                piece.place.clone(),
                format!("`{word}` has no value"),
            ));
        }
        self.fill(word, span_of(name), value)
    }

    fn fill(&mut self, name: &str, place: Range<usize>, value: &[Token]) -> Parsed<()> {
        let (text, span) = (self.reader.text_of(value), span_of(value));
        let call = &mut self.call;
        let known = match name {
            "column" => put(&mut call.column, column(self.relation, text, &span)?),
            "timestamp_column" => put(&mut call.timestamp_column, column(self.relation, text, &span)?),
            "start" => put(&mut call.start, end(self.reader, value)?),
            "finish" => put(&mut call.finish, end(self.reader, value)?),
            "batch_size" => put(&mut call.batch_size, positive(text, &span)?),
            "bucket_size" => put(&mut call.bucket_size, integer(text, &span)?),
            "database" => put(&mut call.database, database(text, &span)?),
            "time_frame" => put(&mut call.time_frame, time_frame(text, span)?),
            "buckets" => put(&mut call.buckets, buckets(text, &span)?),
            other => return Err(no_argument(other, place)),
        };
        if known {
            Ok(())
        } else {
            Err(ExpressionError::new(place, format!("`{name}` is given twice")))
        }
    }
}

/// Whether the place was empty.
fn put<T>(place: &mut Option<T>, value: T) -> bool {
    place.replace(value).is_none()
}

fn no_argument(name: &str, span: Range<usize>) -> ExpressionError {
    let error = ExpressionError::new(span, format!("there is no argument `{name}`"));
    let all = || format!("the arguments are {}", ARGUMENTS.join(", "));
    error.help(offer(name, ARGUMENTS).unwrap_or_else(all))
}

pub(super) fn column(relation: &Relation, text: &str, span: &Range<usize>) -> Parsed<String> {
    match relation.column(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) if text.contains(char::is_whitespace) => {
            let error = ExpressionError::of_sql(error, span.clone(), 0);
            Err(error.help("the relation ends at the first comma: join tables with JOIN … ON"))
        }
        Err(error) => Err(ExpressionError::of_sql(error, span.clone(), 0)),
    }
}

pub(super) fn integer(text: &str, span: &Range<usize>) -> Parsed<i64> {
    let compact: String = text.split_whitespace().collect();
    compact
        .parse()
        .map_err(|_| ExpressionError::new(span.clone(), "a whole number is expected"))
}

fn positive(text: &str, span: &Range<usize>) -> Parsed<u64> {
    match text.parse() {
        Ok(0) | Err(_) => Err(ExpressionError::new(span.clone(), "a whole number above 0 is expected")),
        Ok(number) => Ok(number),
    }
}

fn database(text: &str, span: &Range<usize>) -> Parsed<String> {
    let name = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if name {
        return Ok(text.to_owned());
    }
    Err(ExpressionError::new(span.clone(), "this is no name of a database").help("write the name under [database.*]"))
}

fn buckets(text: &str, span: &Range<usize>) -> Parsed<(i64, i64)> {
    let wrong = || ExpressionError::new(span.clone(), "this is no range of buckets").help("write it as 1..100");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    match (from.trim().parse(), to.trim().parse()) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        _ => Err(wrong()),
    }
}

/// What can only be said of a call as a whole.
fn check(call: &Call, relation: &Relation, name: Range<usize>) -> Parsed<()> {
    let operator = call.operator.as_str();
    let wrong = |message: String| ExpressionError::new(name.clone(), message);
    if call.column.is_none() && matches!(call.operator, Operator::Sum | Operator::Average) {
        let help = format!("such as `{operator}(issues, weight)`; after a GROUP BY, `column: weight`");
        return Err(wrong(format!("`{operator}` needs a column")).help(help));
    }
    let whole = matches!(
        call.operator,
        Operator::EstimateBatchDistinctCount | Operator::Histogram
    );
    if whole && relation.is_grouped() {
        return Err(wrong(format!("`{operator}` cannot be grouped")).help("remove GROUP BY"));
    }
    if let (Some(End::Integer(start)), Some(End::Integer(finish))) = (&call.start, &call.finish)
        && start > finish
    {
        return Err(wrong(format!("the finish, {finish}, is below the start, {start}")));
    }
    histogram(call, name)
}

/// The rules of spec 8: the ends differ, and there are from 1 to 100 buckets.
fn histogram(call: &Call, name: Range<usize>) -> Parsed<()> {
    let wrong = |message: &str, help: &str| Err(ExpressionError::new(name.clone(), message).help(help));
    if call.operator != Operator::Histogram {
        return match (call.buckets, call.bucket_size) {
            (None, None) => Ok(()),
            _ => wrong("buckets belong to `histogram`", "remove them"),
        };
    }
    let Some((from, to)) = call.buckets else {
        return wrong(
            "a histogram needs buckets",
            "such as `histogram(issues, project_id, buckets: 1..100)`",
        );
    };
    if from >= to {
        return wrong(
            "the lowest bucket is not below the highest",
            "write the lower end first",
        );
    }
    let size = call.bucket_size.or_else(|| to.checked_sub(from)?.checked_add(1));
    if size.is_some_and(|size| (1..=MOST_BUCKETS).contains(&size)) {
        return Ok(());
    }
    wrong(
        "a histogram has from 1 to 100 buckets",
        "give fewer with `bucket_size:`",
    )
}
