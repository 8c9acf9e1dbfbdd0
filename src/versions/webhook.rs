//! A webhook of the operator's own: one POST, whose failure ends nothing.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;

use super::scrub::scrub;
use crate::emit::install_tls;

/// Posts a JSON document; any 2xx will do. Redirects are not followed, and it is tried once.
///
/// # Errors
/// Why it was not taken, in words without credentials.
pub async fn post_webhook(url: &str, body: String, timeout: Duration) -> Result<(), String> {
    install_tls();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .timeout(timeout)
        .user_agent(concat!("service-ping/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| scrub(&error.to_string()))?;
    let request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
    match request.send().await {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(format!("it answered {}", response.status())),
        Err(error) if error.is_timeout() => Err(format!("no answer within {timeout:?}")),
        Err(error) if error.is_connect() => Err("nothing can be connected to there".to_owned()),
        // Its path is often its secret.
        Err(error) => Err(scrub(&error.without_url().to_string())),
    }
}
