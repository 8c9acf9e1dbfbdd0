//! What differs from run to run, taken out of a text before it is compared.

use std::path::Path;

use regex::Regex;

/// `text` with what changes from run to run replaced: `folder` by `<folder>`, UUIDs by `<uuid>`, RFC 3339 times by
/// `<time>`, spans of time such as `12.5 ms` or `0.3s` by `<elapsed>`, and loopback ports by `<port>`.
pub fn scrub(text: &str, folder: &Path) -> String {
    let patterns = [
        (
            r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
            "<uuid>",
        ),
        (
            r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?UTC|Z|[+-]\d\d:?\d\d)?",
            "<time>",
        ),
        (r"\b\d+(\.\d+)? ?(ns|µs|us|ms|s)\b", "<elapsed>"),
        (r"\b(127\.0\.0\.1|localhost|\[::1\]):\d+", "$1:<port>"),
    ];
    let mut scrubbed = text.to_owned();
    let canonical = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    for spelling in [canonical.as_path(), folder] {
        scrubbed = scrubbed.replace(&spelling.display().to_string(), "<folder>");
    }
    for (pattern, name) in patterns {
        let pattern = Regex::new(pattern).expect("the pattern is one");
        scrubbed = pattern.replace_all(&scrubbed, name).into_owned();
    }
    scrubbed
}
