//! `demo`: the weekly job against a sample instance and a receiver on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde_json::json;

use super::message::note;
use super::output::{counted, print, seconds};
use super::setup::{DefinitionArgs, OnlyArgs, Setup};
use super::versions::open_store;
use super::{CliError, Global, demo_events, run, shipped, summary};
use crate::config::{Config, Environment};
use crate::definition::{self, DataSource, Status};
use crate::sample;
use crate::versions::receiver::Receiver;

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The folder that everything is made in
    #[arg(default_value = "demo")]
    folder: PathBuf,
    /// The folder that holds metrics/ [default: this folder if it does, else the definitions that come with the program]
    #[arg(long, value_name = "FOLDER")]
    definitions: Option<PathBuf>,
    /// How large the sample is, up to 1000: 1 is a few hundred thousand rows
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    scale: f64,
}

pub(super) async fn run(global: &Global, args: DemoArgs) -> Result<u8, CliError> {
    prepare(&args.folder)?;
    let definitions = definitions(&args)?;
    let store = open_store(&args.folder.join("versions.db")).await?;
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let receiver = Receiver::bind(anywhere, store.clone())
        .await
        .map_err(|error| CliError::Other(error.to_string()))?;
    let address = receiver.local_addr();
    let receiver = receiver.start();
    let config = write_config(&args.folder, &definitions, &receiver.url(), global.now())?;
    let setup = setup(global, &config)?;
    make_sample(&args, setup.now).await?;
    demo_events::track(&setup, args.scale).await?;
    let plan = setup.plan(&OnlyArgs { only: Vec::new() })?;
    let (report, code) = run::weekly(&setup, plan, false, None).await?;
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
    note(&where_to_look(&args.folder, &config, address));
    Ok(code)
}

/// What the demo says of itself at the head of its configuration, and knows it by.
const MADE_BY: &str = "# Made by `service-ping demo`.\n";

/// Makes the folder, and removes what an earlier demo left there. Nothing of anybody else's is touched.
fn prepare(folder: &Path) -> Result<(), CliError> {
    if folder.to_str().is_none() {
        let message = format!("the path {} is not UTF-8: choose another folder", folder.display());
        return Err(CliError::Usage(message));
    }
    let is_there = |name: &str| folder.join(name).exists();
    let is_a_demo =
        std::fs::read_to_string(folder.join("service-ping.toml")).is_ok_and(|text| text.starts_with(MADE_BY));
    if !is_a_demo && ["service-ping.toml"].iter().chain(&FILES).any(|name| is_there(name)) {
        let folder = folder.display();
        let message = format!("{folder} holds a configuration or data that no demo made: choose another folder");
        return Err(CliError::Usage(message));
    }
    std::fs::create_dir_all(folder).map_err(|error| CliError::file(folder, error))?;
    clear(folder)
}

const FILES: [&str; 4] = ["instance.db", "events.db", "state.db", "versions.db"];

fn clear(folder: &Path) -> Result<(), CliError> {
    for name in FILES {
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

/// The folder that holds metrics/, as the demo's configuration names it.
fn definitions(args: &DemoArgs) -> Result<String, CliError> {
    let here = || Path::new("metrics").is_dir().then(|| PathBuf::from("."));
    match args.definitions.clone().or_else(here) {
        Some(folder) => {
            let folder = std::path::absolute(&folder).map_err(|error| CliError::file(&folder, error))?;
            Ok(folder.display().to_string())
        }
        None => {
            shipped::write_into(&args.folder)?;
            Ok(".".to_owned())
        }
    }
}

/// The definitions' folder as this process finds it: relative ones start at the configuration.
fn definitions_folder(folder: &Path, definitions: &str) -> PathBuf {
    folder.join(definitions)
}

fn write_config(folder: &Path, definitions: &str, versions: &str, now: DateTime<Utc>) -> Result<PathBuf, CliError> {
    let path = folder.join("service-ping.toml");
    let licence = folder.join(LICENCE);
    std::fs::write(&licence, licence_text(now)).map_err(|error| CliError::file(&licence, error))?;
    let text = format!(
        "{MADE_BY}\
         definitions = {definitions}\n\n\
         [instance]\nhostname = \"demo.example\"\nversion = \"0.1.0\"\nedition = \"CE\"\ninstallation_type = \"demo\"\n\n\
         [license]\nfile = \"{LICENCE}\"\n\n\
         [database.main]\nurl = \"sqlite://instance.db\"\n\n\
         [event_store]\nurl = \"sqlite://events.db\"\n\n\
         [state]\nurl = \"sqlite://state.db\"\n\n\
         [versions]\nurl = \"{versions}\"\n\n\
         {left_out}\
         [feature_flags]\n{flags}\n\
         [settings]\n{settings}",
        // A dollar begins a variable.
        definitions = serde_json::Value::from(definitions.replace('$', "$$")),
        settings = SETTINGS,
        left_out = left_out(&definitions_folder(folder, definitions))?,
        flags = demo_events::flags(&definitions_folder(folder, definitions))?,
    );
    std::fs::write(&path, text).map_err(|error| CliError::file(&path, error))?;
    Ok(path)
}

const LICENCE: &str = "licence.json";

/// A licence that holds for half a year yet.
fn licence_text(now: DateTime<Utc>) -> String {
    let day = |days: i64| (now + TimeDelta::days(days)).date_naive().to_string();
    let licence = json!({
        "licensee": {"Name": "Demo Ltd", "Company": "Demo Ltd", "Email": "licences@demo.example"},
        "issued_at": day(-180),
        "expires_at": day(185),
        "restrictions": {
            "id": 1,
            "plan": "ultimate",
            "active_user_count": 5000,
            "daily_billable_users_count": 4800,
            "subscription_id": "A-S0001",
            "add_ons": {},
            "trial": false
        }
    });
    format!("{licence:#}\n")
}

/// The metrics that ask a Prometheus, switched off: there is none in the demo, and a fallback is no value to show.
fn left_out(definitions: &Path) -> Result<String, CliError> {
    let catalog = definition::load(definitions)?.catalog;
    let asks = catalog.metrics.iter().filter(|metric| {
        metric.data_source == DataSource::Prometheus && !matches!(metric.status, Status::Removed | Status::Deprecated)
    });
    let keys: Vec<&str> = asks.map(|metric| metric.key_path.as_str()).collect();
    if keys.is_empty() {
        return Ok(String::new());
    }
    let metrics = counted(keys.len(), "metric");
    note(&format!(
        "left out {metrics} of Prometheus, which the demo has not: {}",
        keys.join(", ")
    ));
    Ok(format!(
        "[reporting]\n# There is no Prometheus here. With [prometheus] they can be measured.\n\
         disabled_metrics = {}\n\n",
        serde_json::Value::from(keys)
    ))
}

/// A plausible answer to every setting that the shipped definitions ask for.
const SETTINGS: &str = "\
signup_enabled = true
gravatar_enabled = true
gitpod_enabled = false
grafana_link_enabled = false
mattermost_enabled = false
reply_by_email_enabled = \"incoming+%{key}@demo.example\"
influxdb_metrics_enabled = false
elasticsearch_enabled = false
geo_enabled = false
pages_enabled = true
gitlab_pages_version = \"1.62.0\"
git_version = \"2.39.5\"
gitaly_version = \"16.2.0\"
gitaly_servers = 1
gitaly_clusters = 0
gitaly_filesystems = [\"EXT_2_3_4\"]
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

[settings.object_store]
artifacts = { enabled = true, object_store = { enabled = true, direct_upload = true, background_upload = false, provider = \"AWS\" } }
external_diffs = { enabled = false, object_store = { enabled = false, direct_upload = false, background_upload = false, provider = \"AWS\" } }
lfs = { enabled = true, object_store = { enabled = true, direct_upload = true, background_upload = false, provider = \"AWS\" } }
uploads = { enabled = true, object_store = { enabled = false, direct_upload = false, background_upload = false, provider = \"AWS\" } }
packages = { enabled = true, object_store = { enabled = false, direct_upload = false, background_upload = false, provider = \"AWS\" } }
";

/// The environment is left out: a variable meant for the real instance must not point the demo at it, and what never
/// leaves the machine needs nobody's consent.
fn setup(global: &Global, config: &Path) -> Result<Setup, CliError> {
    let config = Config::load(Some(config), &Environment::default())?;
    let all = DefinitionArgs {
        definitions: None,
        skip_invalid: false,
    };
    Setup::with_config(config, global, &all)
}

async fn make_sample(args: &DemoArgs, now: DateTime<Utc>) -> Result<(), CliError> {
    let begun = Instant::now();
    let sample = sample::create(&args.folder.join("instance.db"), now, args.scale).await?;
    let rows = counted(sample.rows as usize, "row");
    let tables = counted(sample.tables.len(), "table");
    note(&format!(
        "made a sample instance: {rows} in {tables}, {}",
        seconds(begun.elapsed())
    ));
    Ok(())
}

fn where_to_look(folder: &Path, config: &Path, receiver: SocketAddr) -> String {
    let (folder, config) = (folder.display(), config.display());
    format!(
        "next: look at\n\
         \x20 {folder}/versions.db  what the receiver got\n\
         \x20 {folder}/state.db     runs, outcomes, payloads\n\
         \x20 {folder}/events.db    what was tracked\n\
         or try\n\
         \x20 service-ping --config {config} metric counts.issues\n\
         \x20 service-ping --config {config} events list\n\
         \x20 service-ping --config {config} preview\n\
         the receiver has stopped; to run again, start it in another terminal\n\
         \x20 service-ping versions --listen {receiver} --store {folder}/versions.db\n\
         \x20 service-ping --config {config} run"
    )
}
