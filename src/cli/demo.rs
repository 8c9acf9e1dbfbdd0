//! `demo`: the weekly job against a sample instance and a receiver on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::output::{counted, print, seconds};
use super::setup::{DefinitionArgs, OnlyArgs, Setup};
use super::{CliError, Global, run, summary};
use crate::sample;
use crate::versions::receiver::{Receiver, ReceiverStore};

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The folder that everything is made in
    #[arg(default_value = "demo")]
    folder: PathBuf,
    /// The folder that holds metrics/
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    definitions: PathBuf,
    /// How large the sample is: 1 is a few hundred thousand rows
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
}

pub(super) async fn run(global: &Global, args: DemoArgs) -> Result<u8, CliError> {
    std::fs::create_dir_all(&args.folder).map_err(|error| CliError::file(&args.folder, error))?;
    clear(&args.folder)?;
    let begun = Instant::now();
    let instance = args.folder.join("instance.db");
    let sample = sample::create(&instance, global.now(), args.scale).await?;
    let tables = counted(sample.tables.len(), "table");
    eprintln!(
        "made a sample instance: {} rows in {tables}, {}",
        sample.rows,
        seconds(begun.elapsed())
    );
    let store = ReceiverStore::open(&format!("sqlite://{}", args.folder.join("versions.db").display())).await?;
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let receiver = Receiver::bind(anywhere, store.clone())
        .await
        .map_err(|error| CliError::Other(error.to_string()))?;
    let receiver = receiver.start();
    let config = write_config(&args, &receiver.url())?;
    let here = Global {
        config: Some(config.clone()),
        ..global.clone()
    };
    let setup = Setup::load(
        &here,
        &DefinitionArgs {
            definitions: None,
            skip_invalid: false,
        },
    )?;
    let plan = setup.plan(&setup.selection(&OnlyArgs { only: Vec::new() })?);
    let (report, code) = run::weekly(&setup, &plan, false).await?;
    print(&summary::text(&report))?;
    let counts = store
        .counts()
        .await
        .map_err(|error| CliError::Other(error.to_string()))?;
    receiver.stop().await;
    let payloads = counted(counts.payloads as usize, "payload");
    print(&format!(
        "the receiver holds {payloads} and {} of metadata\n",
        counted(counts.metadata as usize, "document")
    ))?;
    where_to_look(&args.folder, &config);
    Ok(code)
}

fn write_config(args: &DemoArgs, versions: &str) -> Result<PathBuf, CliError> {
    let definitions =
        std::path::absolute(&args.definitions).map_err(|error| CliError::file(&args.definitions, error))?;
    let path = args.folder.join("service-ping.toml");
    let text = format!(
        "# Made by `service-ping demo`.\n\
         definitions = {definitions}\n\n\
         [instance]\nhostname = \"demo.example\"\nversion = \"0.1.0\"\nedition = \"CE\"\ninstallation_type = \"demo\"\n\n\
         [database.main]\nurl = \"sqlite://instance.db\"\n\n\
         [state]\nurl = \"sqlite://state.db\"\n\n\
         [versions]\nurl = \"{versions}\"\n\n\
         [settings]\n{settings}",
        definitions = serde_json::Value::from(definitions.display().to_string()),
        settings = SETTINGS,
    );
    std::fs::write(&path, text).map_err(|error| CliError::file(&path, error))?;
    Ok(path)
}

/// A plausible answer to every setting that the shipped definitions ask for.
const SETTINGS: &str = "\
signup_enabled = true
gravatar_enabled = true
gitpod_enabled = false
grafana_link_enabled = false
mattermost_enabled = false
reply_by_email_enabled = true
container_registry_enabled = true
dependency_proxy_enabled = true
gitlab_shared_runners_enabled = true
instance_auto_devops_enabled = false
web_ide_clientside_preview_enabled = false
ldap_enabled = false
ldap_encrypted_secrets_enabled = false
omniauth_enabled = true
prometheus_enabled = true
prometheus_metrics_enabled = true
operating_system = \"debian-12\"
";

/// An earlier demo's files, which this one makes anew.
fn clear(folder: &Path) -> Result<(), CliError> {
    for name in ["instance.db", "state.db", "versions.db"] {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let path = folder.join(format!("{name}{suffix}"));
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(CliError::file(&path, error)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn where_to_look(folder: &Path, config: &Path) {
    let shown = folder.display();
    eprintln!("next: look at");
    eprintln!("  {shown}/state.db     runs, outcomes, payloads");
    eprintln!("  {shown}/versions.db  what the receiver got");
    eprintln!("  service-ping --config {} metric counts.issues", config.display());
}
