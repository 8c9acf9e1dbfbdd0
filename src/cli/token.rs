//! `token`: what programs and people show to `serve`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::message::note;
use super::output::{Format, print};
use super::setup::load_config;
use super::{CliError, Global, exit, instant};
use crate::access::{Scope, Token};
use crate::source::facts::iso8601;
use crate::state::{ApiToken, StateStore};

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it, once: only its digest is kept
    Add(AddArgs),
    /// Every token: its name, what it allows, until when
    List(ListArgs),
    /// Make a token worthless, for good
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
struct AddArgs {
    /// What it is called, such as the program that shows it
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,
    /// What it allows: track, read_service_ping or admin; may be given several times
    #[arg(long, value_name = "SCOPE", required = true)]
    scope: Vec<Scope>,
    /// Whose acts are counted under it; unique users are counted by it alone [default: nobody]
    #[arg(long, value_name = "ID", value_parser = name)]
    user: Option<String>,
    /// When it ends by itself [default: never]
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    expires: Option<DateTime<Utc>>,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Args)]
struct RevokeArgs {
    /// The token's name
    #[arg(value_name = "NAME")]
    name: String,
}

/// Names stand in lists and logs.
fn name(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:@".contains(letter);
    match (1..=64).contains(&text.len()) && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err("give 1 to 64 letters, digits and -_.:@".to_owned()),
    }
}

pub(super) async fn run(global: &Global, args: TokenArgs) -> Result<u8, CliError> {
    let config = load_config(global)?;
    let state = StateStore::open(config.state.url.expose()).await?;
    let done = match args.what {
        What::Add(args) => add(&state, args, global.now()).await,
        What::List(args) => list(&state, args.format, global.now()).await,
        What::Revoke(args) => revoke(&state, &args.name, global.now()).await,
    };
    state.close().await;
    done
}

async fn add(state: &StateStore, args: AddArgs, now: DateTime<Utc>) -> Result<u8, CliError> {
    let token = Token::generate();
    let kept = ApiToken {
        id: Uuid::now_v7(),
        name: args.name,
        digest: token.digest().to_text(),
        scopes: args.scope.into_iter().collect::<crate::access::Scopes>().to_string(),
        user_id: args.user,
        created_at: now,
        expires_at: args.expires,
        revoked_at: None,
    };
    if !state.add_api_token(&kept).await? {
        let message = format!(
            "there is a token {:?}: revoke it first, or choose another name",
            kept.name
        );
        return Err(CliError::Usage(message));
    }
    print(&format!("{}\n", token.expose()))?;
    note("this is shown once: keep it where the program finds it, and nobody else");
    Ok(exit::DONE)
}

async fn list(state: &StateStore, format: Format, now: DateTime<Utc>) -> Result<u8, CliError> {
    let tokens = state.api_tokens().await?;
    let text = match format {
        Format::Json => {
            let tokens: Vec<Value> = tokens.iter().map(|token| as_json(token, now)).collect();
            format!("{:#}\n", json!({"tokens": tokens}))
        }
        Format::Human if tokens.is_empty() => "no token yet: service-ping token add makes one\n".to_owned(),
        Format::Human => tokens.iter().map(|token| as_text(token, now)).collect(),
    };
    print(&text)?;
    Ok(exit::DONE)
}

async fn revoke(state: &StateStore, name: &str, now: DateTime<Utc>) -> Result<u8, CliError> {
    if !state.revoke_api_token(name, now).await? {
        let message = format!("there is no token {name:?} that is good: service-ping token list shows all");
        return Err(CliError::Usage(message));
    }
    note(&format!(
        "the token {name} opens nothing any more; serve forgets it within seconds"
    ));
    Ok(exit::DONE)
}

fn standing(token: &ApiToken, now: DateTime<Utc>) -> &'static str {
    match (token.revoked_at, token.is_good(now)) {
        (Some(_), _) => "revoked",
        (None, true) => "good",
        (None, false) => "expired",
    }
}

fn as_text(token: &ApiToken, now: DateTime<Utc>) -> String {
    let user = token.user_id.as_ref().map(|user| format!(", user {user}"));
    let end = token.expires_at.map(|end| format!(", until {}", iso8601(end)));
    format!(
        "{:<24}  {:<8}  {}{}{}\n",
        token.name,
        standing(token, now),
        token.scopes,
        user.unwrap_or_default(),
        end.unwrap_or_default()
    )
}

fn as_json(token: &ApiToken, now: DateTime<Utc>) -> Value {
    json!({
        "name": token.name,
        "standing": standing(token, now),
        "scopes": token.scopes.split(' ').collect::<Vec<&str>>(),
        "user": token.user_id,
        "created_at": iso8601(token.created_at),
        "expires_at": token.expires_at.map(iso8601),
        "revoked_at": token.revoked_at.map(iso8601),
    })
}
