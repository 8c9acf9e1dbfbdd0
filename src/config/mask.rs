//! Hiding secrets in text that a person may see: an excerpt of the file in an error, or a log line.

/// `text` with each URL's password and query, and all that is said of keys named for a secret, written over with `*`.
///
/// Every byte keeps its offset, so that spans into the original fit the masked text. It works on text alone, not on the
/// parsed tree: a file that does not parse must not show its secrets either.
pub fn mask_secrets(text: &str) -> String {
    let mut in_a_list = false;
    text.split_inclusive('\n')
        .map(|line| mask_line(line, &mut in_a_list))
        .collect()
}

/// A secret that is a list may go on over several lines.
fn mask_line(line: &str, in_a_list: &mut bool) -> String {
    let secret = match *in_a_list {
        true => Some(0),
        false => secret_value(line),
    };
    let Some(at) = secret else { return mask_urls(line) };
    let (open, value) = line.split_at(at);
    let begins = *in_a_list || value.trim_start().starts_with('[');
    *in_a_list = begins && !value.trim_end().ends_with(']');
    format!("{open}{}", stars(value))
}

/// Where the value begins in a line whose key is named for a secret.
fn secret_value(line: &str) -> Option<usize> {
    let equals = line.find('=')?;
    let key = line[..equals].trim().to_ascii_lowercase();
    let names_a_file = key.ends_with("_file");
    let named_for_a_secret = ["password", "secret", "token", "api_key", "headers"]
        .iter()
        .any(|word| key.contains(word));
    (named_for_a_secret && !names_a_file).then_some(equals + 1)
}

fn mask_urls(line: &str) -> String {
    let mut masked = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        let end = after.find(['"', '\'', '\n']).unwrap_or(after.len());
        masked.push_str(before);
        masked.push_str(&mask_after_scheme(&after[..end]));
        rest = &after[end..];
    }
    masked.push_str(rest);
    masked
}

/// Masks what stands after `://`. The user information ends at the last `@`: an unescaped `@` or `/` in a password must
/// not lay part of it open. Where a `?` stands before that `@`, either may be the secret's, and all is masked from there.
fn mask_after_scheme(text: &str) -> String {
    let information = text.rfind('@').unwrap_or(0);
    let password = text[..information].find(':').map_or(information, |colon| colon + 1);
    match text.find('?') {
        Some(query) if query < information => {
            let (open, secret) = text.split_at(password.min(query + 1));
            format!("{open}{}", stars(secret))
        }
        query => {
            let query = query.map_or(text.len(), |at| at + 1);
            let (secret, address) = (&text[password..information], &text[information..query]);
            format!(
                "{}{}{address}{}",
                &text[..password],
                stars(secret),
                stars(&text[query..])
            )
        }
    }
}

/// `text` with every character but white space and quotes replaced by as many `*` as it has bytes.
fn stars(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_whitespace() || c == '"' || c == '\'' {
                c.to_string()
            } else {
                "*".repeat(c.len_utf8())
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_queries_are_written_over() {
        let cases = [
            (
                r#"url = "postgres://ada:hun/t@er2@db/x?sslkey=k" # y"#,
                r#"url = "postgres://ada:*********@db/x?********" # y"#,
            ),
            (r#"["redis://:pw@a", "redis://b"]"#, r#"["redis://:**@a", "redis://b"]"#),
            (
                "# a://h:5432/db?user=a@b&password=x",
                "# a://h:***************************",
            ),
            ("a://h/db?user=a@b&password=x", "a://h/db?*******************"),
            ("api_token = \"tok en\"\n", "api_token = \"*** **\"\n"),
            ("password_file = \"/run/pw\"", "password_file = \"/run/pw\""),
            (
                "otlp_headers = [\n  \"a=b\",\n]\nurl = \"a\"",
                "otlp_headers = *\n  \"***\"*\n*\nurl = \"a\"",
            ),
            ("enabled = true", "enabled = true"),
        ];
        for (text, masked) in cases {
            assert_eq!(mask_secrets(text), masked);
        }
    }

    proptest::proptest! {
        #[test]
        fn offsets_stay(text in "(url = \"|://|[a-zß@:?/\" \n]|password = ){0,40}") {
            let masked = mask_secrets(&text);
            proptest::prop_assert_eq!(masked.len(), text.len());
            let ends = |t: &str| t.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>();
            proptest::prop_assert_eq!(ends(&masked), ends(&text));
        }
    }
}
