//! OpenID Connect's client credentials (RFC 6749, 4.4).

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::fetch::{Fetcher, private_address};
use super::{Token, TokenError, TokenSource, jwt};
use crate::emit::snowplow::clock::Boxed;

const FROM: &str = "the provider of tokens";

/// What a provider of tokens is told.
#[derive(Clone, PartialEq, Eq)]
pub struct OidcOptions {
    /// Its token endpoint.
    pub token_url: String,
    pub client_id: String,
    pub client_secret: String,
    pub scope: Option<String>,
}

impl fmt::Debug for OidcOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcOptions")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Tokens for the client's own id and secret.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    options: OidcOptions,
    url: Url,
    fetcher: Fetcher,
}

impl ClientCredentials {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// The secret would go over plain HTTP, or the address is none.
    pub fn new(options: OidcOptions) -> Result<ClientCredentials, TokenError> {
        Ok(ClientCredentials {
            url: private_address(FROM, &options.token_url)?,
            fetcher: Fetcher::new(FROM)?,
            options,
        })
    }

    fn form(&self, audience: &str) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        form.append_pair("client_id", &self.options.client_id);
        form.append_pair("client_secret", &self.options.client_secret);
        form.append_pair("audience", audience);
        if let Some(scope) = &self.options.scope {
            form.append_pair("scope", scope);
        }
        form.finish()
    }

    async fn fetch(&self, audience: &str) -> Result<Token, TokenError> {
        let form = self.form(audience);
        let request = self
            .fetcher
            .http()
            .post(self.url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let document = self.fetcher.json(request).await?;
        // The collector asks for an identity where the provider gives one.
        let token = self.fetcher.text(&document, "id_token");
        let token = token.or_else(|_| self.fetcher.text(&document, "access_token"))?;
        let said = document
            .get("expires_in")
            .and_then(Value::as_u64)
            .map(Duration::from_secs);
        let life = jwt::life(&token).or(said);
        Ok(Token::new(token, life))
    }
}

impl TokenSource for ClientCredentials {
    fn token<'a>(&'a self, audience: &'a str, _anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
        Box::pin(self.fetch(audience))
    }
}
