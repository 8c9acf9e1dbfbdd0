//! The keys that say where a collector's token comes from; `[snowplow]` and `[job_telemetry]` have the same.

use super::section::Section;

/// What `token_from` may be.
const SOURCES: [&str; 3] = ["oidc", "gcp_identity", "gcp_iam"];

/// `token_from`, as it is said.
pub(super) fn token_from(section: &mut Section<'_>) -> Option<String> {
    one_of(section, "token_from", &SOURCES)
}

/// Which of the keys are given.
pub(super) struct Given {
    pub(super) token: bool,
    pub(super) token_file: bool,
    pub(super) oidc_url: bool,
    pub(super) oidc_client_id: bool,
    pub(super) oidc_client_secret: bool,
}

/// Two tokens at once, and a provider of tokens that is not said in full, are problems.
pub(super) fn complain(section: &Section<'_>, token_from: Option<&str>, given: &Given) {
    let sources = [
        ("token", given.token),
        ("token_file", given.token_file),
        ("token_from", token_from.is_some()),
    ];
    let said: Vec<&str> = sources
        .into_iter()
        .filter_map(|(key, is_given)| is_given.then_some(key))
        .collect();
    if let [one, other, ..] = said.as_slice() {
        section.exclusive(one, other);
    }
    if token_from == Some("oidc") {
        let wanted = [
            ("oidc_url", given.oidc_url),
            ("oidc_client_id", given.oidc_client_id),
            ("oidc_client_secret", given.oidc_client_secret),
        ];
        let missing = wanted.into_iter().filter(|(_, is_given)| !is_given);
        missing.for_each(|(key, _)| section.missing(key));
    }
}

/// One of the known texts, or a problem that names them.
pub(super) fn one_of(section: &mut Section<'_>, key: &'static str, known: &[&str]) -> Option<String> {
    let spelled: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
    let expected = format!("one of {}", spelled.join(", "));
    section.parsed(key, &expected, |text| known.contains(&text).then(|| text.to_owned()))
}
