use service_ping::definition::KeyPath;
use service_ping::expression::{Asked, Bindings, Line, completion, highlight, is_open, parse};

/// What is typed at the prompt: refused with a place in the line, or meant.
pub fn expressions(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = is_open(&text);
    let _ = highlight(&text);
    for at in [0, text.len() / 2, text.len()] {
        if text.is_char_boundary(at) {
            let found = completion(&text, at);
            assert!(found.start <= at && text.is_char_boundary(found.start), "{text:?}");
        }
    }
    match parse(&text) {
        Err(error) => {
            assert!(!error.message.is_empty());
            let span = &error.span;
            assert!(
                span.start <= span.end && span.end <= text.len(),
                "{error:?} in {text:?}"
            );
            assert!(
                text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
                "{error:?} in {text:?}"
            );
        }
        Ok(line) => {
            let printed = line.to_string();
            assert_eq!(parse(&printed), Ok(line.clone()), "{text:?} is printed as {printed:?}");
            described(line);
        }
    }
}

fn described(line: Line) {
    let asked = match line {
        Line::Value(expression) => Asked::Expression(expression),
        Line::Sql(asked) | Line::Explain(asked) => asked,
        _ => return,
    };
    if let Asked::Expression(expression) = &asked {
        let _ = expression.bound(&Bindings::new());
    }
    let name = KeyPath::new("fuzz").expect("a name");
    let _ = asked.definition(name, &|name| name.ends_with("Metric"));
}
