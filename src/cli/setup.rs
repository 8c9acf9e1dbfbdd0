//! What most verbs begin with: configuration, definitions, sources.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use uuid::Uuid;

use super::message::{self, note};
use super::permission::Permission;
pub(super) use super::signal::{interrupt_on_signals, terminate_signal};
use super::{CliError, Global, event_setup as events};
use crate::config::{self, Config, Environment, GeoRole, MetricGlobs, SettingSources};
use crate::definition::{self, DataCategory, Diagnostic, Loaded, Severity, TestNames};
use crate::instrumentation::{Context, Registry};
use crate::keyspace::Keyspace;
use crate::measure::{Failure, Measure, Reason};
use crate::relation::Dialect;
use crate::report::{Plan, Selection, plan};
use crate::source::Sources;
use crate::source::component::{Component, Components};
use crate::source::database::{Database, DatabaseOptions, DatabaseUrl, Interrupt, StatementLog};
use crate::source::event_store::EventStore;
use crate::source::facts::{Facts, SettingsTable};
use crate::source::geo::GeoNodes;
use crate::source::license::License;
use crate::source::prometheus::Prometheus;
use crate::state::StateStore;

/// Options of the verbs that read definitions.
#[derive(Debug, Clone, Args)]
pub(super) struct DefinitionArgs {
    /// The folder that holds metrics/ [default: `definitions` of the configuration]
    #[arg(long, value_name = "FOLDER")]
    pub(super) definitions: Option<PathBuf>,
    /// Leave invalid definitions out, name them, and report their keys as -1
    #[arg(long)]
    pub(super) skip_invalid: bool,
}

/// Which metrics a verb is about.
#[derive(Debug, Clone, Args)]
pub(super) struct OnlyArgs {
    /// Only metrics whose key path matches, such as 'counts.*'; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub(super) only: Vec<String>,
}

/// The configuration and the definitions, read and checked.
pub(super) struct Setup {
    pub(super) config: Config,
    /// The folder that the definitions were read from.
    pub(super) root: PathBuf,
    pub(super) loaded: Loaded,
    pub(super) registry: Registry,
    pub(super) keyspace: Arc<Keyspace>,
    pub(super) now: DateTime<Utc>,
    /// The same, where `--now` says so.
    pub(super) frozen_at: Option<DateTime<Utc>>,
    /// What the configuration alone allows, until the product is asked.
    pub(super) permission: Permission,
}

/// The names that files of tests may use beside those of the definitions.
pub(super) fn test_names(registry: &Registry) -> TestNames<'_> {
    TestNames {
        classes: registry.names().collect(),
        reasons: Reason::ALL.iter().map(|reason| reason.code()).collect(),
    }
}

pub(super) fn load_config(global: &Global) -> Result<Config, CliError> {
    Ok(Config::load(global.config.as_deref(), &Environment::from_process())?)
}

impl Setup {
    /// Problems of the definitions are printed; errors end the verb unless they are to be skipped.
    pub(super) fn load(global: &Global, args: &DefinitionArgs) -> Result<Setup, CliError> {
        Setup::with_config(load_config(global)?, global, args)
    }

    /// As [`Setup::load`], with a configuration that was read already.
    pub(super) fn with_config(config: Config, global: &Global, args: &DefinitionArgs) -> Result<Setup, CliError> {
        let root = args.definitions.clone().unwrap_or_else(|| config.definitions.clone());
        let mut loaded = definition::load(&root)?;
        // Before metrics are derived: what an aggregate alone names is no known event.
        let keyspace = events::keyspace(&config, &root, &loaded.catalog)?;
        events::adopt_derived(&config, &keyspace, &mut loaded);
        let setup = Setup {
            permission: Permission::of_config(&config.reporting),
            config,
            root,
            loaded,
            registry: Registry::built_in(),
            keyspace: Arc::new(keyspace),
            now: global.now(),
            frozen_at: global.now,
        };
        setup.refuse_errors(global, args.skip_invalid)?;
        Ok(setup)
    }

    fn refuse_errors(&self, global: &Global, skip_invalid: bool) -> Result<(), CliError> {
        let errors: Vec<&Diagnostic> = self
            .loaded
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .collect();
        errors.iter().for_each(|error| message::problem(*error, global));
        if errors.is_empty() {
            return Ok(());
        }
        if !skip_invalid {
            return Err(CliError::InvalidDefinitions(errors.len()));
        }
        for invalid in &self.loaded.invalid {
            let keys: Vec<&str> = invalid.key_paths.iter().map(|key| key.as_str()).collect();
            let keys = if keys.is_empty() {
                "no key path".to_owned()
            } else {
                keys.join(", ")
            };
            note(&format!("skipped {} ({keys})", invalid.file.display()));
        }
        Ok(())
    }

    /// Has the product asked what it allows. What was planned before may be more.
    ///
    /// # Errors
    /// As [`Permission::ask`].
    pub(super) async fn ask_permission(&mut self, patience: Patience) -> Result<(), CliError> {
        // Before anything runs that would have to be cancelled first, signals end the process at once.
        let (_switch, interrupt) = Interrupt::channel();
        self.permission = Permission::ask(&self.config, self.now, patience, &interrupt).await?;
        Ok(())
    }

    /// The plan of what may leave, by the configuration, and of that what `--only` names.
    ///
    /// # Errors
    /// There is no definition, or `--only` is no glob or names nothing: an empty payload would say that nothing is used.
    pub(super) fn plan(&self, only: &OnlyArgs) -> Result<Plan<'_>, CliError> {
        if self.loaded.catalog.metrics.is_empty() && self.loaded.invalid.is_empty() {
            return Err(CliError::NoDefinitions(self.root.clone()));
        }
        let plan = plan(&self.loaded, &self.registry, &self.context(), &self.selection(only)?);
        // A site without secondaries has no list of them, not even an empty one (spec 14).
        let plan = match self.is_primary() {
            true => plan,
            false => plan.keep(|metric| !matches!(metric.measure, Ok(Some(Measure::GeoNodes)))),
        };
        if plan.metrics.is_empty() && !only.only.is_empty() {
            let globs = only.only.join(", ");
            let message = format!("--only {globs} matches no metric that may leave; dump sql shows the key paths");
            return Err(CliError::Usage(message));
        }
        Ok(plan)
    }

    pub(super) fn selection(&self, only: &OnlyArgs) -> Result<Selection, CliError> {
        let reporting = &self.config.reporting;
        let mut categories = reporting.categories.clone();
        if !self.permission.with_optional {
            categories.remove(&DataCategory::Optional);
        }
        Ok(Selection {
            categories,
            disabled: reporting.disabled_metrics.clone(),
            only: if only.only.is_empty() {
                None
            } else {
                Some(globs(&only.only)?)
            },
        })
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            catalog: &self.loaded.catalog,
            registry: &self.registry,
            keyspace: &self.keyspace,
            now: self.now,
            depth: 0,
        }
    }

    /// The dialect of a database, PostgreSQL where it is not configured.
    pub(super) fn dialect(&self, database: &str) -> Dialect {
        let url = self
            .config
            .databases
            .get(database)
            .map(|database| DatabaseUrl::new(database.url.expose()));
        url.and_then(|url| url.dialect()).unwrap_or(Dialect::Postgres)
    }

    /// The sources of one run. Nothing is opened yet.
    pub(super) fn sources(
        &self,
        uuid: Option<Uuid>,
        interrupt: Interrupt,
        log: StatementLog,
        patience: Patience,
    ) -> Result<Sources, CliError> {
        let mut databases = BTreeMap::new();
        for (name, database) in &self.config.databases {
            let database = Database::new(options(name, database))?;
            let database = match patience {
                Patience::Wait => database,
                Patience::TryOnce => database.impatient(),
            };
            databases.insert(name.clone(), Arc::new(database));
        }
        Ok(Sources {
            databases,
            event_store: self.event_store()?,
            prometheus: self.prometheus(),
            facts: self.facts(uuid),
            components: self.components(),
            geo: self.is_primary().then(|| GeoNodes {
                state: self.config.state.url.clone(),
            }),
            interrupt,
            log,
        })
    }

    /// The configured event store, if there is one. Nothing is opened yet.
    pub(super) fn event_store(&self) -> Result<Option<Arc<dyn EventStore>>, CliError> {
        self.config.event_store.as_ref().map(events::store).transpose()
    }

    /// Whether this site has secondaries.
    fn is_primary(&self) -> bool {
        self.config.geo.role == Some(GeoRole::Primary)
    }

    /// What may be asked over HTTP.
    pub(super) fn components(&self) -> Components {
        let component = |(name, component): (&String, &config::Component)| {
            let component = Component {
                url: component.url.clone(),
                timeout: component.timeout,
            };
            (name.clone(), component)
        };
        Components::new(self.config.components.iter().map(component))
    }

    /// The configured Prometheus, if there is one. Nothing is opened yet.
    pub(super) fn prometheus(&self) -> Option<Arc<Prometheus>> {
        let config = self.config.prometheus.as_ref()?;
        Some(Arc::new(Prometheus::new(config, self.now)))
    }

    fn facts(&self, uuid: Option<Uuid>) -> Facts {
        let instance = &self.config.instance;
        let license = self.license();
        let of_license = || Some(license.as_ref()?.as_ref().ok()?.edition().to_owned());
        let edition = instance.edition.clone().or_else(of_license);
        let sources = &self.config.setting_sources;
        let variables = sources.variables.iter();
        Facts {
            uuid: instance.uuid.or(uuid).map(|uuid| uuid.to_string()),
            hostname: hostname(&self.config),
            version: instance.version.clone(),
            installation_type: instance.installation_type.clone(),
            edition,
            recorded_at: self.now,
            settings: self.config.settings.clone(),
            settings_table: self.settings_table(),
            variables: variables
                .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
                .collect(),
            license,
        }
    }

    /// The table of settings, where its database is configured.
    fn settings_table(&self) -> Option<SettingsTable> {
        let SettingSources { database, table, .. } = &self.config.setting_sources;
        let table = table.as_ref().filter(|_| self.config.databases.contains_key(database));
        table.map(|table| SettingsTable {
            database: database.clone(),
            table: table.clone(),
        })
    }

    /// The configured licence, or why it does not hold; `None` where there is none.
    pub(super) fn license(&self) -> Option<Result<License, Failure>> {
        license(&self.config, self.now)
    }

    pub(super) async fn state(&self) -> Result<StateStore, CliError> {
        Ok(StateStore::open(self.config.state.url.expose()).await?)
    }

    /// The configured uuid, or the one that the state store made once and keeps.
    pub(super) async fn uuid(&self, state: &StateStore) -> Result<Uuid, CliError> {
        match self.config.instance.uuid {
            Some(uuid) => Ok(uuid),
            None => Ok(state.instance_uuid().await?),
        }
    }
}

/// What to do about a server that is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Nobody waits for a weekly job: a restart is waited for.
    Wait,
    /// Somebody sits at the terminal.
    TryOnce,
}

/// The configured licence at an instant, or why it does not hold then, which the log is told as well.
pub(super) fn license(config: &Config, now: DateTime<Utc>) -> Option<Result<License, Failure>> {
    let file = config.license.file.as_ref()?;
    let license = License::read(file, config.license.original_file.as_deref(), now);
    if let Err(failure) = &license {
        tracing::warn!(%failure, "The licence does not hold: its metrics are null.");
    }
    Some(license)
}

/// How a configured database is reached: its replicas stand in for it, if it has some.
pub(super) fn options(name: &str, database: &config::Database) -> DatabaseOptions {
    let url = |url: &config::Url| DatabaseUrl::new(url.expose());
    let first = database.replicas.first().unwrap_or(&database.url);
    DatabaseOptions {
        name: name.to_owned(),
        url: url(first),
        others: database.replicas.iter().skip(1).map(url).collect(),
        statement_timeout: database.statement_timeout,
        lock_timeout: database.lock_timeout,
        application_name: database.application_name.clone(),
        connections: database.connections as usize,
        batch_time: database.batch_time,
        max_groups: database.max_groups as usize,
        throttle: database.throttle.clone(),
    }
}

pub(super) fn globs(patterns: &[String]) -> Result<MetricGlobs, CliError> {
    MetricGlobs::new(patterns).map_err(|error| CliError::Usage(format!("--only: {error}")))
}

/// The configured host name, or the machine's.
pub(super) fn hostname(config: &Config) -> Option<String> {
    config.instance.hostname.clone().or_else(system_hostname)
}

fn system_hostname() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
