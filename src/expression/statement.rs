//! The statements: a word that begins them, and what follows it.

use std::ops::Range;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::error::ExpressionError;
use super::lex::{Kind, Token};
use super::parse::{Parsed, Reader};
use super::pieces::{adjacent, begins_named, span_of};
use super::tree::{Line, MetricAsked};
use crate::definition::TimeFrame;

impl<'t> Reader<'t> {
    /// What a line asks for that begins with the word of a statement; `None` where it does not.
    pub(super) fn statement(self, word: &str, rest: &[Token]) -> Parsed<Option<Line>> {
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

    pub(super) fn missing(self, what: &str, example: &str) -> ExpressionError {
        let end = self.text.trim_end().len();
        ExpressionError::new(end..end, format!("{what} is missing")).help(format!("write `{example}`"))
    }

    pub(super) fn no_more(self, tokens: &[Token]) -> Parsed<()> {
        match tokens.first() {
            None => Ok(()),
            Some(_) => Err(ExpressionError::new(span_of(tokens), "nothing can follow here").help("remove it")),
        }
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
            let value = option_value(text).ok_or_else(|| {
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

/// The longest name within a value, in characters: YAML reads 1,024 before the colon, and printing escapes each by ten.
const LONGEST_NAME: usize = 100;

fn option_value(text: &str) -> Option<Value> {
    let value: Value = serde_yaml::from_str(text).ok()?;
    names_fit(&value).then_some(value)
}

fn names_fit(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(names_fit),
        Value::Object(entries) => entries
            .iter()
            .all(|(name, value)| name.chars().count() <= LONGEST_NAME && names_fit(value)),
        _ => true,
    }
}
