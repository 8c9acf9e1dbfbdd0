//! Messages without secrets.

/// What may stand around a URL in a sentence without being part of it.
const CLOSING: &[char] = &[')', ']', '}', '>', '"', '\'', '`', ',', ';', '.', ':', '!'];

/// Removes credentials, query strings and fragments from all URLs of a text.
///
/// A URL ends at white space only, and all up to its last `@` goes: passwords that were not percent-encoded may hold any
/// delimiter, and too much lost is better than a secret shown.
pub fn scrub(text: &str) -> String {
    text.split_inclusive(char::is_whitespace).map(scrub_word).collect()
}

fn scrub_word(word: &str) -> String {
    let Some((before, after)) = word.split_once("://") else {
        return word.to_owned();
    };
    let url = after.trim_end();
    let space = &after[url.len()..];
    let bare = url.trim_end_matches(CLOSING);
    let closing = &url[bare.len()..];
    let (credentials, place) = match bare.rsplit_once('@') {
        Some((_, place)) => ("***@", place),
        None => ("", bare),
    };
    let place_end = place.find(['?', '#']).unwrap_or(place.len());
    let (place, hidden) = place.split_at(place_end);
    let hidden = if hidden.is_empty() { "" } else { "?***" };
    format!("{before}://{credentials}{place}{hidden}{closing}{space}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::scrub;

    #[test]
    fn leaves_the_place_and_hides_the_rest() {
        for (text, scrubbed) in [
            ("no URL here: a@b?c", "no URL here: a@b?c"),
            (
                "cannot reach (https://u:p@h:1/a?token=x#y), later",
                "cannot reach (https://***@h:1/a?***), later",
            ),
            ("postgres://u:p/w?@x)@h/db", "postgres://***@h/db"),
            ("a http://h/a\nb http://h/b?c d", "a http://h/a\nb http://h/b?*** d"),
            ("\"redis://:secret@h\"", "\"redis://***@h\""),
        ] {
            assert_eq!(scrub(text), scrubbed);
        }
    }

    proptest! {
        #[test]
        fn no_password_or_token_survives(
            user in "[a-z:/?#@.,)]{0,6}", secret in "CANARY[!-~]{0,8}", host in "[a-z]{1,9}", around in "[ (\"]{0,2}"
        ) {
            let text = format!("failed {around}https://{user}:{secret}@{host}/path{around} and http://{host}/?t={secret} x");
            prop_assert!(!scrub(&text).contains("CANARY"), "{}", scrub(&text));
        }
    }
}
