//! `versions export`: a month for a warehouse.

use clap::{Args, ValueEnum};

use super::StoreArgs;
use crate::cli::message::note;
use crate::cli::output::{counted, print};
use crate::cli::{CliError, Global, exit};
use crate::versions::receiver::export::{ExportFormat, ExportTarget, Month, export};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The format of the files
    #[arg(long, value_enum, default_value = "parquet")]
    format: Format,
    /// The month that it was received in (UTC), such as 2026-11 [default: the month
    /// before this one]
    #[arg(long, value_name = "MONTH")]
    month: Option<Month>,
    /// A folder, or s3://BUCKET/PREFIX with AWS' environment variables; files of the same month are
    /// replaced; it has no default
    #[arg(long, value_name = "FOLDER|URL")]
    to: String,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// An object a line
    Jsonl,
    /// Comma-separated values
    Csv,
    /// Columns, compressed
    Parquet,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> ExportFormat {
        match format {
            Format::Jsonl => ExportFormat::Jsonl,
            Format::Csv => ExportFormat::Csv,
            Format::Parquet => ExportFormat::Parquet,
        }
    }
}

pub(super) async fn run(global: &Global, args: ExportArgs) -> Result<u8, CliError> {
    let failed = |error: crate::versions::receiver::export::ExportError| CliError::Other(error.to_string());
    let now = global.now();
    let month = args.month.unwrap_or_else(|| Month::before(now));
    let target = ExportTarget::parse(&args.to).map_err(failed)?;
    let store = args.store.open().await?;
    let files = export(&store, month, args.format.into(), &target)
        .await
        .map_err(failed)?;
    store.close().await;
    for file in &files {
        let rows = usize::try_from(file.rows).unwrap_or(usize::MAX);
        print(&format!("{}: {}\n", file.name, counted(rows, "row")))?;
    }
    if !month.has_ended(now) {
        note(&format!("{} is not over: export it again when it is", month));
    }
    Ok(exit::DONE)
}
