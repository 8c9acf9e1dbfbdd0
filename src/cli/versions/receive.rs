//! `versions` without a verb of its own: the receiver itself.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::StoreArgs;
use crate::cli::message::note;
use crate::cli::setup::terminate_signal;
use crate::cli::{CliError, exit};
use crate::versions::receiver::{Access, LicenseHook, Receiver, ReceiverError, ReceiverLimits, TlsFiles};

#[derive(Debug, Args)]
pub(super) struct ReceiveArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    #[command(flatten)]
    store: StoreArgs,
    /// Let nobody send without a token, and nobody look at the pages without an admin token; `versions token` makes them
    #[arg(long)]
    require_token: bool,
    /// Speak TLS, with this certificate (PEM) and those that lead to its authority [default: plain HTTP]
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key (PEM) [default: none]
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Speak only to those with a certificate of this authority (PEM); the pages then ask for an admin
    /// token [default: to anybody]
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<PathBuf>,
    /// Payloads, metadata and error reports together that an instance may send a day (UTC) [default: any number]
    #[arg(long, value_name = "N")]
    pings_a_day: Option<u32>,
    /// MiB that an instance may send a day (UTC) [default: any number]
    #[arg(long, value_name = "MIB")]
    mib_a_day: Option<u32>,
    /// Tell a licence application of each licence's last ping: a program that reads JSON from its standard input, or a URL that
    /// takes it by POST [default: nobody]
    #[arg(long, value_name = "COMMAND|URL")]
    license_hook: Option<String>,
}

impl ReceiveArgs {
    fn limits(&self) -> ReceiverLimits {
        ReceiverLimits {
            pings_a_day: self.pings_a_day,
            bytes_a_day: self.mib_a_day.map(|mib| u64::from(mib) * 1024 * 1024),
            ..ReceiverLimits::default()
        }
    }

    fn access(&self) -> Access {
        Access {
            token_to_send: self.require_token,
            // A certificate is an instance's, which need not see the fleet.
            token_to_look: self.require_token || self.client_ca.is_some(),
        }
    }

    fn tls(&self) -> Option<TlsFiles> {
        let (certificate, key) = (self.tls_cert.clone()?, self.tls_key.clone()?);
        Some(TlsFiles {
            certificate,
            key,
            client_authority: self.client_ca.clone(),
        })
    }
}

pub(super) async fn run(args: ReceiveArgs) -> Result<u8, CliError> {
    let store = args.store.open().await?;
    let shown = args.store.shown(&store);
    let receiver = receiver(&args, store)
        .await
        .map_err(|error| CliError::Other(error.to_string()))?;
    let address = format!("{}://{}", receiver.scheme(), receiver.local_addr());
    let asked_to_end = terminate_signal();
    note(&format!("listening on {address}, storing in {shown}"));
    note(&format!(
        "next: set [versions] url = \"{address}\" where the weekly job runs"
    ));
    receiver.serve(asked_to_end).await;
    note("stopped: every request that had begun was answered");
    Ok(exit::DONE)
}

async fn receiver(
    args: &ReceiveArgs,
    store: crate::versions::receiver::ReceiverStore,
) -> Result<Receiver, ReceiverError> {
    let mut receiver = Receiver::bind(args.listen, store).await?;
    receiver = receiver.with_limits(args.limits()).with_access(args.access());
    if let Some(files) = args.tls() {
        receiver = receiver.with_tls(&files)?;
    }
    if let Some(hook) = &args.license_hook {
        receiver = receiver.with_license_hook(LicenseHook::parse(hook));
    }
    Ok(receiver)
}
