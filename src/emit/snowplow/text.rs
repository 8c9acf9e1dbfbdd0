//! Texts of fields, as the pipeline will keep them.

/// The text with a tab as four spaces and without control characters, which is what the pipeline would make of it: what
/// is kept is what was sent.
pub(super) fn kept(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => kept.push_str("    "),
            c if c.is_control() => {}
            c => kept.push(c),
        }
    }
    kept
}

/// A number as text: the shortest that reads back as the same number, and never with an exponent, which a decimal of the
/// pipeline may not have.
pub(super) fn decimal(number: f64) -> String {
    // Rust's own form of a float has just these two properties.
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::{decimal, kept};

    #[test]
    fn tabs_are_spaces_and_controls_are_gone() {
        assert_eq!(kept("a\tb\nc\u{0}d\u{85}e ü"), "a    bcde ü");
    }

    #[test]
    fn numbers_have_neither_exponent_nor_loss() {
        let cases = [
            (0.004, "0.004"),
            (123.45, "123.45"),
            (7.0, "7"),
            (1e21, "1000000000000000000000"),
            (1e-9, "0.000000001"),
            (0.1 + 0.2, "0.30000000000000004"),
        ];
        for (number, text) in cases {
            assert_eq!(decimal(number), text);
            assert_eq!(text.parse::<f64>(), Ok(number));
        }
    }
}
