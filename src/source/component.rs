//! Components of the instance, asked over HTTP: each that is configured, once a run, at the operator's address and
//! nowhere else.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::Regex;
use reqwest::StatusCode;
use serde_json::Value;

use super::http;
use crate::config::Url;
use crate::measure::{Failure, HttpPart, Reason};

/// Where one component answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    pub url: Url,
    /// For the whole request, from connecting to the answer's last byte.
    pub timeout: Duration,
}

/// The components that the operator configured, by their names under `[components.*]`.
#[derive(Debug, Clone, Default)]
pub struct Components(BTreeMap<String, Component>);

/// What a component answered.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    /// By their names in lower case; those that are text.
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Components {
    pub fn new(components: impl IntoIterator<Item = (String, Component)>) -> Components {
        Components(components.into_iter().collect())
    }

    pub fn knows(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Why nothing is known of a component that the operator did not name.
    pub fn not_configured(name: &str) -> Failure {
        let message = format!("the configuration has no [components.{name}]");
        Failure::new(Reason::SourceNotConfigured, message)
    }

    /// Asks a component, once. No redirect is followed.
    ///
    /// # Errors
    /// `source_not_configured` for a name that is not configured; `source_unavailable` where it does not answer in time;
    /// `unexpected_answer` where the answer is too long.
    pub async fn ask(&self, name: &str) -> Result<Answer, Failure> {
        let component = self.0.get(name).ok_or_else(|| Components::not_configured(name))?;
        let away = |why: String| {
            let message = format!("{} of [components.{name}] {why}", component.url);
            Failure::new(Reason::SourceUnavailable, message)
        };
        let broken = |error: reqwest::Error| away(http::why(&error, component.timeout));
        let client = http::client(component.timeout).map_err(away)?;
        let request = client.get(component.url.expose());
        let response = request.send().await.map_err(broken)?;
        let status = response.status();
        let named = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = response.headers().iter().filter_map(named).collect();
        let body = http::body(response, http::LONGEST).await.map_err(broken)?;
        let too_long = || {
            unexpected(format!(
                "[components.{name}] answered more than {} bytes",
                http::LONGEST
            ))
        };
        Ok(Answer {
            status,
            headers,
            body: body.ok_or_else(too_long)?,
        })
    }
}

impl Answer {
    /// Such as `200 OK`.
    pub fn status(&self) -> String {
        self.status.to_string()
    }

    /// A part of the answer. Headers are read whatever the status is: a registry tells its version to whoever may not
    /// come in.
    ///
    /// # Errors
    /// `unexpected_answer` where the status is no success, or the part is not there.
    pub fn part(&self, component: &str, part: &HttpPart) -> Result<Value, Failure> {
        let lacks = |what: &str| unexpected(format!("[components.{component}] {what}"));
        if let HttpPart::Header(name) = part {
            let value = self.headers.get(&name.to_ascii_lowercase());
            let value = value.map(|value| Value::from(value.as_str()));
            return value.ok_or_else(|| lacks(&format!("answered without the header {name}")));
        }
        if !self.status.is_success() {
            return Err(lacks(&format!("answered {}", self.status)));
        }
        match part {
            HttpPart::Pointer(pointer) => {
                let json: Value = serde_json::from_slice(&self.body).map_err(|_| lacks("answered no JSON"))?;
                let found = json.pointer(pointer).cloned();
                found.ok_or_else(|| lacks(&format!("answered nothing at {pointer}")))
            }
            HttpPart::Pattern(pattern) => {
                let text = self.text().ok_or_else(|| lacks("answered no text"))?;
                let found = Regex::new(pattern).ok().and_then(|pattern| {
                    let found = pattern.captures(text)?;
                    found
                        .get(1)
                        .or_else(|| found.get(0))
                        .map(|found| found.as_str().to_owned())
                });
                let lacks = || lacks(&format!("answered nothing that /{pattern}/ finds"));
                found.map(Value::from).ok_or_else(lacks)
            }
            HttpPart::Text | HttpPart::Header(_) => {
                let text = self.text().ok_or_else(|| lacks("answered no text"))?;
                Ok(Value::from(text.trim()))
            }
        }
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }
}

fn unexpected(message: String) -> Failure {
    Failure::new(Reason::UnexpectedAnswer, message)
}
