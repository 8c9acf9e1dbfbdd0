//! What holds for every text.

use proptest::prelude::*;
use serde_json::json;
use service_ping::relation::{Dialect, Operation, Query, Relation};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use crate::support::{now, parameters, parse};

/// Words and signs that make more trouble together than arbitrary characters do.
const PIECES: &[&str] = &[
    "users",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "a",
    "\"B\"",
    "1",
    "'x'",
    "E'\\''",
    "$$",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "::int",
    "=",
    "<",
    "-",
    "--",
    "/*",
    "*/",
    "*",
    "|",
    "~",
    "@",
    ":",
    ":x",
    ":now",
    "INTERVAL '1 day'",
    "SELECT",
    "FROM",
    "JOIN",
    "ON",
    "USING",
    "GROUP BY",
    "IN",
    "BETWEEN",
    "LIKE",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "CAST",
    "AS",
    "NULL",
    "IS",
    "ANY",
    "EXISTS",
    "UNION",
    "OVER",
    "FILTER",
    "ARRAY",
    "DATE",
    "U&'",
    "'",
    "\"",
    "\\",
    "é",
    "\n",
    "{",
    "}",
    "?",
    "$1",
    "@x",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.join(" "))
}

/// Texts with what quoting may stumble over.
fn awkward_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a'\"\\\\`\\$;:é\n-]{0,12}",
        "\\PC{0,20}".prop_map(|text: String| text.replace('\0', ""))
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,3}".prop_map(|name| format!("x{name}")),
        "[a-zA-Z '`é.\\\\]{1,4}".prop_map(|name| format!("\"{name}\"")),
        Just("\"a\"\"b\"".to_owned()),
        Just("\"\"\"\"\"\"".to_owned()),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        name(),
        "[0-9]{1,3}",
        "-?[1-9]\\.[0-9]",
        awkward_text().prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
        Just("TRUE".to_owned()),
        Just("NULL".to_owned()),
        Just(":now".to_owned()),
        Just("current_date".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator = prop::sample::select(vec![
            "AND",
            "OR",
            "=",
            "<>",
            "<",
            ">=",
            "+",
            "-",
            "*",
            "/",
            "||",
            "LIKE",
            "IS DISTINCT FROM",
            "~",
            "->>",
            "@>",
            "#",
        ]);
        let pair = (inner.clone(), operator, inner.clone());
        prop_oneof![
            pair.prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("- {inner}")),
            inner.clone().prop_map(|inner| format!("NOT {inner}")),
            inner.clone().prop_map(|inner| format!("({inner}) IS NOT NULL")),
            inner.clone().prop_map(|inner| format!("({inner})::text")),
            inner.clone().prop_map(|inner| format!("Lower({inner})")),
            inner
                .clone()
                .prop_map(|inner| format!("CASE WHEN {inner} THEN 1 ELSE 2 END")),
            inner
                .clone()
                .prop_map(|inner| format!("EXISTS (SELECT 1 FROM u WHERE {inner})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("a IN ({one}, {other})")),
            (inner.clone(), inner).prop_map(|(low, high)| format!("a BETWEEN ({low}) AND ({high})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn parsing_never_panics_on_any_text(text in any::<String>()) {
        let _ = Relation::parse(&text);
        let _ = Query::parse(&text);
        let _ = parse("users").column(&text);
    }

    #[test]
    fn spans_lie_inside_the_text_and_nothing_panics(text in soup()) {
        for text in [text.clone(), format!("users WHERE {text}")] {
            match Relation::parse(&text) {
                Ok(relation) => {
                    let bound = relation.bind(&parameters(json!({"x": "y"})), now()).unwrap_or(relation);
                    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
                        let _ = bound.statement(dialect, Operation::Count, None);
                    }
                }
                Err(error) => if let Some(span) = error.span {
                    prop_assert!(text.get(span).is_some());
                }
            }
        }
    }

    #[test]
    fn rendering_is_a_fixed_point(filter in expression(), key in name()) {
        let text = format!("t WHERE {filter} GROUP BY {key}");
        // What the generator makes and the parser refuses says nothing here.
        prop_assume!(Relation::parse(&text).is_ok());
        let Ok(relation) = parse(&text).bind(&Default::default(), now()) else { return Ok(()) };
        let first = relation.statement(Dialect::Postgres, Operation::Count, None).unwrap();
        let again = Query::parse(&first).map_err(|error| TestCaseError::fail(format!("{first}: {error}")))?;
        prop_assert_eq!(again.render(Dialect::Postgres).unwrap(), first);
    }

    #[test]
    fn a_bound_text_stays_inside_its_literal(text in awkward_text()) {
        let relation = parse("t WHERE a = :text AND b").bind(&parameters(json!({"text": text})), now()).unwrap();
        let statement = relation.statement(Dialect::Postgres, Operation::Count, None).unwrap();
        let tokens = Tokenizer::new(&PostgreSqlDialect {}, &statement).tokenize().unwrap();
        let texts: Vec<&str> = tokens.iter().filter_map(|token| match token {
            Token::SingleQuotedString(text) | Token::EscapedStringLiteral(text) => Some(text.as_str()),
            _ => None,
        }).collect();
        prop_assert_eq!(texts, [text.as_str()]);
        let (head, tail) = (r#"SELECT COUNT(*) FROM "t" WHERE "t"."a" = "#, r#" AND "t"."b""#);
        let literal = statement.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
        prop_assert_eq!(literal.and_then(decode_postgres_literal), Some(text));
    }

    #[test]
    fn a_quoted_name_stays_inside_its_quotes(name in "[a-z\"'`\\\\. ]{1,8}") {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let relation = parse(&format!("t WHERE {quoted}"));
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            let expected = format!(r#"SELECT COUNT(*) FROM "t" WHERE "t".{quoted}"#);
            prop_assert_eq!(relation.statement(dialect, Operation::Count, None).unwrap(), expected);
        }
        prop_assert_eq!(relation.column(&quoted).unwrap().name, name);
    }
}

/// What PostgreSQL reads in `'…'` or `E'…'`, by its manual; `None` where the literal ends before its last quote.
fn decode_postgres_literal(literal: &str) -> Option<String> {
    let (escapes, body) = match literal.strip_prefix('E') {
        Some(rest) => (true, rest),
        None => (false, literal),
    };
    let mut characters = body.strip_prefix('\'')?.strip_suffix('\'')?.chars();
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\'' if characters.next() == Some('\'') => text.push('\''),
            '\'' => return None,
            '\\' if escapes && characters.next() == Some('\\') => text.push('\\'),
            // Without E, a backslash means itself only where the session says so.
            '\\' => return None,
            plain => text.push(plain),
        }
    }
    Some(text)
}
