//! Tokens of a machine at Google Cloud, from its metadata server.

use serde_json::json;
use url::Url;

use super::fetch::{Fetcher, private_address};
use super::{Token, TokenError, TokenSource, jwt};
use crate::emit::snowplow::clock::Boxed;

const FROM: &str = "the metadata server";
const FROM_IAM: &str = "the IAM credentials service";
/// Where the metadata server is, on every machine; it is reached over plain HTTP, without leaving the machine's own network.
const METADATA: &str = "metadata.google.internal";
const IAM: &str = "https://iamcredentials.googleapis.com";
const ACCOUNT: &str = "computeMetadata/v1/instance/service-accounts/default";

/// The metadata server.
#[derive(Debug, Clone)]
struct Metadata {
    base: Url,
    fetcher: Fetcher,
}

impl Metadata {
    fn new(host: Option<&str>) -> Result<Metadata, TokenError> {
        let host = host.unwrap_or(METADATA);
        let base = Url::parse(&format!("http://{host}/{ACCOUNT}/")).map_err(|error| TokenError::Address {
            from: FROM,
            reason: error.to_string(),
        })?;
        Ok(Metadata {
            base,
            fetcher: Fetcher::new(FROM)?,
        })
    }

    async fn get(&self, what: &str, query: &[(&str, &str)]) -> Result<String, TokenError> {
        let mut url = self.base.join(what).map_err(|_| TokenError::NoToken { from: FROM })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.fetcher.http().get(url).header("metadata-flavor", "Google");
        let body = self.fetcher.body(request).await?;
        let text = String::from_utf8(body).ok().map(|text| text.trim().to_owned());
        text.filter(|text| !text.is_empty())
            .ok_or(TokenError::NoToken { from: FROM })
    }
}

/// The machine's own identity.
#[derive(Debug, Clone)]
pub struct GcpIdentity {
    metadata: Metadata,
}

impl GcpIdentity {
    /// `host` stands in for the metadata server's, as GCE_METADATA_HOST does for Google's own programs.
    ///
    /// # Errors
    /// The host cannot be part of an address.
    pub fn new(host: Option<&str>) -> Result<GcpIdentity, TokenError> {
        Ok(GcpIdentity {
            metadata: Metadata::new(host)?,
        })
    }

    async fn fetch(&self, audience: &str) -> Result<Token, TokenError> {
        let query = [("audience", audience), ("format", "full")];
        let token = self.metadata.get("identity", &query).await?;
        let life = jwt::life(&token);
        Ok(Token::new(token, life))
    }
}

impl TokenSource for GcpIdentity {
    fn token<'a>(&'a self, audience: &'a str, _anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
        Box::pin(self.fetch(audience))
    }
}

/// An identity with the account's address in it, which the IAM credentials service signs.
#[derive(Debug, Clone)]
pub struct GcpIam {
    metadata: Metadata,
    iam: Url,
    fetcher: Fetcher,
}

impl GcpIam {
    /// `host` stands in for the metadata server's, `iam` for the service's address.
    ///
    /// # Errors
    /// An address cannot be used, or the account's token would go over plain HTTP.
    pub fn new(host: Option<&str>, iam: Option<&str>) -> Result<GcpIam, TokenError> {
        Ok(GcpIam {
            metadata: Metadata::new(host)?,
            iam: private_address(FROM_IAM, iam.unwrap_or(IAM))?,
            fetcher: Fetcher::new(FROM_IAM)?,
        })
    }

    async fn fetch(&self, audience: &str) -> Result<Token, TokenError> {
        let email = self.metadata.get("email", &[]).await?;
        let access = self.metadata.get("token", &[]).await?;
        let access = serde_json::from_str(&access).map_err(|_| TokenError::NoToken { from: FROM })?;
        let access = self.metadata.fetcher.text(&access, "access_token")?;
        let mut url = self.iam.clone();
        url.set_path(&format!("/v1/projects/-/serviceAccounts/{email}:generateIdToken"));
        let wanted = json!({
            "audience": audience,
            "includeEmail": true,
            "organizationNumberIncluded": true,
        });
        let request = self.fetcher.http().post(url).bearer_auth(access).json(&wanted);
        let document = self.fetcher.json(request).await?;
        let token = self.fetcher.text(&document, "token")?;
        let life = jwt::life(&token);
        Ok(Token::new(token, life))
    }
}

impl TokenSource for GcpIam {
    fn token<'a>(&'a self, audience: &'a str, _anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
        Box::pin(self.fetch(audience))
    }
}
