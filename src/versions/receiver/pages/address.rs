//! Addresses of pages.

/// A path with a part that may hold anything.
pub(super) fn path(before: &str, part: &str) -> String {
    format!("{before}/{}", encoded(part))
}

/// A path with parameters; those without a text are left out.
pub(super) fn query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    for (nth, (name, value)) in given.enumerate() {
        address.push(if nth == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.push_str(&encoded(value));
    }
    address
}

/// Everything but letters, digits and four marks as bytes in hexadecimal.
fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{path, query};

    #[test]
    fn parts_hold_anything() {
        assert_eq!(
            path("/metrics", "counts.a/b <é>"),
            "/metrics/counts.a%2Fb%20%3C%C3%A9%3E"
        );
        assert_eq!(query("/x", &[("a", ""), ("b", "1&2"), ("c", "3")]), "/x?b=1%262&c=3");
        assert_eq!(query("/x", &[]), "/x");
    }
}
