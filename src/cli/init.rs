//! `init`: a new folder with a configuration and three definitions that pass `validate`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::message::note;
use super::{CliError, exit};
use crate::{config, definition};

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The folder to make or to fill
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

const USERS: &str = "\
# yaml-language-server: $schema=../schema/metric.json
key_path: counts.users
description: Number of users.
value_type: number
status: active
time_frame: all
data_source: database
data_category: optional
instrumentation_class: DatabaseMetric
options:
  operation: count
  relation: users
";

const NEW_USERS: &str = "\
# yaml-language-server: $schema=../schema/metric.json
key_path: counts_monthly.users
description: Number of users who joined between 30 and 2 days ago.
value_type: number
status: active
time_frame: 28d
data_source: database
data_category: optional
instrumentation_class: CountUsersMetric
";

const UUID: &str = "\
# yaml-language-server: $schema=../schema/metric.json
key_path: uuid
description: The random name of this instance.
value_type: string
status: active
time_frame: none
data_source: system
data_category: standard
instrumentation_class: UuidMetric
";

const CLASS: &str = "\
# yaml-language-server: $schema=../schema/instrumentation_class.json
class: CountUsersMetric
description: Rows of users; a time frame looks at created_at.
operation: count
relation: users
";

pub(super) fn run(args: InitArgs) -> Result<u8, CliError> {
    let mut files: Vec<(String, String)> = vec![
        ("service-ping.toml".to_owned(), config::sample()),
        (
            "metrics/counts_all/20260101000001_users.yml".to_owned(),
            USERS.to_owned(),
        ),
        (
            "metrics/counts_28d/20260101000002_users.yml".to_owned(),
            NEW_USERS.to_owned(),
        ),
        ("metrics/license/20260101000003_uuid.yml".to_owned(), UUID.to_owned()),
        (
            "metrics/instrumentations/count_users_metric.yml".to_owned(),
            CLASS.to_owned(),
        ),
    ];
    let schemas = definition::schemas().into_iter();
    files.extend(schemas.map(|(name, text)| (format!("metrics/schema/{name}"), text)));
    let there = files
        .iter()
        .map(|(name, _)| args.folder.join(name))
        .find(|path| path.exists());
    if let (Some(path), false) = (there, args.force) {
        let message = format!("{} is there already; --force writes over it", path.display());
        return Err(CliError::Usage(message));
    }
    for (name, text) in &files {
        write(&args.folder.join(name), text)?;
    }
    note(&format!("wrote {} files to {}", files.len(), args.folder.display()));
    note(&next_steps(&args.folder));
    Ok(exit::DONE)
}

fn next_steps(folder: &Path) -> String {
    let mut steps = String::from("next:");
    if folder != Path::new(".") {
        steps += &format!("\n  cd {}", folder.display());
    }
    steps
        + "\n  edit service-ping.toml            # [database.main] url = \"postgres://...\"\
           \n  service-ping validate             # every problem at once\
           \n  service-ping metric counts.users  # one metric, with its statements\
           \n  service-ping preview              # what would leave"
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| CliError::file(folder, error))?;
    }
    std::fs::write(path, text).map_err(|error| CliError::file(path, error))
}
