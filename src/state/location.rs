//! A store's URL, as it may be shown.

/// The URL without user, password and parameters.
///
/// All up to the last `@` goes: a password that was not percent-encoded may hold any other delimiter.
pub(crate) fn redacted(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or_else(
        || url.split_once(':').map_or(("", url), |(scheme, rest)| (scheme, rest)),
        |(scheme, rest)| (scheme, rest),
    );
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let place = place.split(['?', '#']).next().unwrap_or_default();
    let separator = if url.contains("://") { "://" } else { ":" };
    format!("{scheme}{separator}{place}")
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn shows_the_place_and_no_secret() {
        assert_eq!(redacted("postgres://u:p@h:5432/db?password=x"), "postgres://h:5432/db");
        assert_eq!(redacted("postgres://u:p/w?@x@h/db"), "postgres://h/db");
        assert_eq!(redacted("sqlite:///var/lib/state.db"), "sqlite:///var/lib/state.db");
        assert_eq!(redacted("sqlite::memory:"), "sqlite::memory:");
    }
}
