//! The console's language: what it takes, what it refuses and where, and what no text can do to it.

use proptest::prelude::*;
use service_ping::expression::{Bindings, Line, completion, highlight, is_open, parse};

#[test]
fn what_is_printed_is_parsed_as_the_same() {
    let lines = [
        ("count(users)", "count(users)"),
        (
            "count( users WHERE a = ')' , id )",
            "count(users WHERE a = ')', column: id)",
        ),
        (
            "sum(issues GROUP BY state_id, b, column: weight)",
            "sum(issues GROUP BY state_id, b, column: weight)",
        ),
        (
            "distinct_count(notes, author_id, minimum(users), (SELECT MAX(id) FROM users))",
            "distinct_count(notes, column: author_id, start: (SELECT MIN(id) FROM users), finish: (SELECT MAX(id) FROM users))",
        ),
        (
            "histogram(issues, project_id, buckets: 1..100)",
            "histogram(issues, column: project_id, buckets: 1..100)",
        ),
        (
            "count(users, time_frame: 28d, batch_size: 10)",
            "count(users, batch_size: 10, time_frame: 28d)",
        ),
        (
            "a = add( 1, -2.5 , counts.users, add())",
            "a = add(1, -2.5, counts.users, add())",
        ),
        (
            "metric C type: 'a b' events: [x, 1]",
            "metric C type: \"a b\" events: [\"x\", 1]",
        ),
        (
            "metric counts.users time_frame: 7d",
            "metric counts.users time_frame: 7d",
        ),
        ("sql SELECT 1", "sql SELECT 1"),
        ("select 1", "sql select 1"),
        ("explain count(users)", "explain count(users)"),
        ("track x a 'b c' 1.5", "track x a 'b c' 1.5"),
        (
            "unique_events a b from:2026-11-01 to: 2026-11-02",
            "unique_events a b from: 2026-11-01 to: 2026-11-02",
        ),
        ("metrics 'counts.*'", "metrics counts.*"),
        ("columns \"odd name\"", "columns 'odd name'"),
        ("exit", "quit"),
        ("  -- nothing", ""),
    ];
    for (text, printed) in lines {
        let line = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(line.to_string(), printed, "{text}");
        assert_eq!(parse(printed).expect(printed), line, "{text}");
    }
}

/// The text, what stands under the caret, a part of the message, a part of the help.
#[test]
fn a_mistake_is_shown_at_its_place() {
    let mistakes = [
        ("conut(users)", "conut", "no operation `conut`", "`count`"),
        ("count(users, colum: id)", "colum:", "no argument `colum`", "`column`"),
        ("count(users, a b)", "a b", "not a column", "JOIN"),
        ("count(users WHERE)", "", "found the end", ""),
        ("count(users", "(", "never closed", "`)`"),
        ("count(users WHERE a = 'x)", "'", "never closed", ""),
        ("count(users))", ")", "nothing is open", ""),
        ("count(users] ", "]", "expected `)`", ""),
        ("count(users); DROP TABLE users", ";", "`;` does not belong", "without"),
        (
            "count(users WHERE setval('a', 1) > 0)",
            "setval",
            "acts on the server",
            "read",
        ),
        ("INSERT INTO users VALUES (1)", "INSERT", "more than read", "SELECT"),
        ("sql DELETE FROM users", "DELETE", "more than read", "SELECT"),
        (
            "sql WITH x AS (DELETE FROM users RETURNING 1) SELECT * FROM x",
            "DELETE FROM users RETURNING 1",
            "writes",
            "",
        ),
        (
            "sql SELECT 1 FROM users FOR UPDATE",
            "SELECT 1 FROM users",
            "lock rows",
            "",
        ),
        ("count(users WHERE id = :id)", ":id", "has no value here", "`:now`"),
        ("sum(issues)", "sum", "needs a column", "weight"),
        (
            "sum(issues GROUP BY state_id, weight)",
            "sum",
            "needs a column",
            "GROUP BY",
        ),
        (
            "histogram(issues, id, buckets: 1..200)",
            "histogram",
            "1 to 100",
            "bucket_size",
        ),
        ("histogram(issues, id)", "histogram", "needs buckets", "1..100"),
        ("count(users, id, 1, 2, 3)", "3", "too many", ""),
        ("count(users, time_frame: 3d)", "3d", "time frame `3d`", "28d"),
        ("count = count(users)", "count", "word of this language", "another"),
        ("count()", "count", "relation is missing", ""),
        ("add(1,,2)", ",", "missing", ""),
        ("unique_events a from: yesterday", "yesterday", "a day", "2026-11-01"),
        ("quit now", "now", "nothing can follow", ""),
        ("a b", "a b", "no expression", "help"),
    ];
    for (text, marked, message, help) in mistakes {
        let error = parse(text).expect_err(text);
        assert_eq!(&text[error.span.clone()], marked, "{text}: {error:?}");
        assert!(error.message.contains(message), "{text}: {error:?}");
        assert!(
            error.help.clone().unwrap_or_default().contains(help),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn a_comma_ends_the_relation_where_no_bracket_or_quote_holds_it() {
    let texts = [
        "count(users WHERE id IN (1, 2, 3), id)",
        "count(users WHERE name = 'a, b', id)",
        "count(users WHERE name = $$a, (b$$, id)",
        "count(users WHERE \"odd, name\" IS NULL, id)",
        "count(users WHERE name = E'a\\', b', id)",
        "count(users /* a, ( b */ WHERE id > 1, id)",
        "count(users -- a, ( b\n WHERE id > 1, id)",
    ];
    for text in texts {
        let Line::Value(service_ping::expression::Expression::Call(call)) = parse(text).expect(text) else {
            panic!("{text} is no call");
        };
        assert_eq!(call.column.as_deref(), Some("id"), "{text}");
    }
}

#[test]
fn names_stand_for_expressions_and_cannot_grow_without_end() {
    let mut bindings = Bindings::new();
    let expression = |text: &str| match parse(text).expect(text) {
        Line::Value(expression) => expression,
        other => panic!("{other}"),
    };
    bindings.insert("a".to_owned(), expression("count(users)"));
    let bound = expression("add(a, b)").bound(&bindings).expect("it is small");
    assert_eq!(bound.to_string(), "add(count(users), b)");
    let mut grown = Ok(());
    for _ in 0..30 {
        match expression("add(a, a, a)").bound(&bindings) {
            Ok(bound) => drop(bindings.insert("a".to_owned(), bound)),
            Err(error) => grown = Err(error),
        }
    }
    grown.expect_err("three to the thirtieth is too large");
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [
        ("add(", ")"),
        ("count((", "))"),
        ("(", ")"),
        ("sql (SELECT ", ")"),
        ("metric a b: [", "]"),
    ] {
        let text = open.repeat(5000) + &close.repeat(5000);
        parse(&text).expect_err(open);
    }
    parse(&"add(".repeat(9000)).expect_err("it is open");
    parse(&"x".repeat(100_000)).expect_err("it is long");
}

/// Words that lines are made of, and what breaks them.
const PIECE: &str = "(count|add|sum|histogram|metric|sql|track|unique_events|users|id|weight|28d|SELECT|FROM|WHERE|GROUP BY\
    |column:|buckets: 1..9|from:|1|-2.5|'a'|\"b\"|\\$\\$|--|/\\*|\\*/|\\(|\\)|\\[|\\]|,|=|;|:|\\.|'|\"| |\n|é|\\\\|E')";

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,80}") {
        seen_through(&text)?;
    }

    #[test]
    fn any_text_of_its_words_is_parsed_or_refused(pieces in prop::collection::vec(PIECE, 0..24)) {
        seen_through(&pieces.join(" "))?;
        seen_through(&pieces.concat())?;
    }

    #[test]
    fn options_survive_printing(value in "\\PC{0,20}", name in "[a-z]{1,8}", number in any::<i64>(), float in -1e9..1e9f64) {
        let options = serde_json::json!({"a": value, name.as_str(): [number, float, null, true, {"k": value}]});
        let asked = service_ping::expression::MetricAsked {
            name: "C".to_owned(),
            time_frame: None,
            options: options.as_object().expect("an object").clone(),
        };
        prop_assume!(name != "time_frame");
        let line = Line::Metric(asked);
        prop_assert_eq!(parse(&line.to_string()), Ok(line));
    }
}

/// Everything that looks at a line, on one line.
fn seen_through(text: &str) -> Result<(), TestCaseError> {
    let parts = highlight(text);
    let whole: String = parts.iter().map(|(span, _)| &text[span.clone()]).collect();
    prop_assert_eq!(&whole, text);
    for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
        let found = completion(text, at);
        prop_assert!(text.is_char_boundary(found.start) && found.start <= at);
    }
    let _ = is_open(text);
    match parse(text) {
        Ok(line) => {
            let printed = line.to_string();
            let again = parse(&printed);
            prop_assert_eq!(again, Ok(line), "printed as {}", printed);
        }
        Err(error) => {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error);
        }
    }
    Ok(())
}
