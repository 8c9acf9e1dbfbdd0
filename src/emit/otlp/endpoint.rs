//! Where traces are posted to.

use url::Url;

/// The path of traces, as OTLP/HTTP has it.
const TRACES: &str = "v1/traces";

/// The address of traces below `base`; one that ends in their path already is taken as it is.
///
/// # Errors
/// Why it is none, in words that quote nothing of it.
pub(super) fn traces(base: &str) -> Result<Url, String> {
    let mut url = Url::parse(base).map_err(|error| error.to_string())?;
    let path = url.path().trim_end_matches('/');
    if !path.ends_with(&format!("/{TRACES}")) {
        let path = format!("{path}/{TRACES}");
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::traces;

    #[test]
    fn the_path_of_traces_is_added_once() {
        let cases = [
            ("http://host:4318", "http://host:4318/v1/traces"),
            ("http://host:4318/", "http://host:4318/v1/traces"),
            ("http://host:4318/v1/traces", "http://host:4318/v1/traces"),
            ("https://host/otlp/?a=b", "https://host/otlp/v1/traces?a=b"),
            (
                "https://u:p@host/api/v1/traces?a=b",
                "https://u:p@host/api/v1/traces?a=b",
            ),
            ("https://host/nov1/traces", "https://host/nov1/traces/v1/traces"),
        ];
        for (base, expected) in cases {
            assert_eq!(traces(base).unwrap().as_str(), expected, "{base}");
        }
    }
}
