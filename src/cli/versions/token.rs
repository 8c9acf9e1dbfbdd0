//! `versions token`: who may send, and who may look.

use clap::{Args, Subcommand};

use super::StoreArgs;
use crate::cli::message::note;
use crate::cli::output::print;
use crate::cli::{CliError, exit};
use crate::source::facts::iso8601;
use crate::versions::receiver::{ReceiverStore, Token, TokenRole};

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it, this once: only its digest is kept
    Add(AddArgs),
    /// List tokens, without their texts
    List(ListArgs),
    /// End a token at once
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
struct AddArgs {
    /// What the token is called
    #[arg(value_name = "NAME")]
    name: String,
    /// For looking at the pages, and for sending
    #[arg(long, conflicts_with = "instance")]
    admin: bool,
    /// The only instance that it may send for [default: any]
    #[arg(long, value_name = "UUID")]
    instance: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
struct RevokeArgs {
    /// What the token is called
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(args: TokenArgs) -> Result<u8, CliError> {
    match args.what {
        What::Add(args) => add(&args).await,
        What::List(args) => list(&args).await,
        What::Revoke(args) => revoke(&args).await,
    }
}

async fn add(args: &AddArgs) -> Result<u8, CliError> {
    if args.name.is_empty() || args.name.contains(char::is_control) {
        return Err(CliError::Usage(
            "a token needs a name without control characters".to_owned(),
        ));
    }
    let store = args.store.open().await?;
    let role = if args.admin {
        TokenRole::Admin
    } else {
        TokenRole::Instance
    };
    let text = store.add_token(&args.name, role, args.instance.as_deref()).await;
    let text = text.map_err(failed)?.ok_or_else(|| {
        CliError::Other(format!(
            "there is, or was, a token {:?}: take another name, so that lists stay clear",
            args.name
        ))
    })?;
    store.close().await;
    print(&format!("{text}\n"))?;
    note(match role {
        TokenRole::Instance => "next: [versions] url = \"https://instance:TOKEN@HOST\" where the weekly job runs",
        TokenRole::Admin => "next: open the pages, and give it as the password of any user",
    });
    Ok(exit::DONE)
}

async fn list(args: &ListArgs) -> Result<u8, CliError> {
    let store = args.store.open().await?;
    let tokens = store.tokens().await.map_err(failed)?;
    store.close().await;
    for token in &tokens {
        print(&line(token))?;
    }
    if tokens.is_empty() {
        note("there are no tokens: service-ping versions token add NAME makes one");
    }
    Ok(exit::DONE)
}

fn line(token: &Token) -> String {
    let instance = token
        .instance
        .as_ref()
        .map(|uuid| format!(" for {uuid}"))
        .unwrap_or_default();
    let revoked = token
        .revoked_at
        .map(|at| format!(", revoked {}", iso8601(at)))
        .unwrap_or_default();
    format!(
        "{}: {}{instance}, made {}{revoked}\n",
        token.name,
        token.role,
        iso8601(token.created_at)
    )
}

async fn revoke(args: &RevokeArgs) -> Result<u8, CliError> {
    let store = args.store.open().await?;
    let ended = store.revoke_token(&args.name).await.map_err(failed)?;
    close(store).await;
    if !ended {
        return Err(CliError::Other(format!(
            "no valid token is called {:?}: service-ping versions token list shows all",
            args.name
        )));
    }
    note(&format!("the token {:?} is no longer taken", args.name));
    Ok(exit::DONE)
}

async fn close(store: ReceiverStore) {
    store.close().await;
}

fn failed(error: sqlx::Error) -> CliError {
    CliError::Other(format!("the receiver's store failed: {error}"))
}
