//! Why an export did not come to its end.

/// What decides how a bucket is reached.
const ADVICE: &str = "; an s3:// target reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and AWS_ENDPOINT_URL where \
                      it is not Amazon's (AWS_ALLOW_HTTP=true lets it be plain HTTP)";

/// An error of an export. What was written by then is no file yet, or that of an earlier export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the target {0:?} is no folder and no s3://BUCKET/PREFIX: correct --to")]
    NoTarget(String),
    #[error("the folder {folder} cannot be written to: {source}")]
    Folder {
        folder: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the target cannot be used: {0}{advice}", advice = ADVICE)]
    Store(#[from] object_store::Error),
    #[error("the receiver's store failed: try again")]
    Read(#[from] sqlx::Error),
    #[error("row {id} of {kind} cannot be read: {source}")]
    Row {
        kind: &'static str,
        id: i64,
        #[source]
        source: serde_json::Error,
    },
    #[error("a Parquet file could not be written: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
    #[error("{0} cannot be written: {1}{advice}", advice = advice(.0))]
    Write(String, #[source] std::io::Error),
}

fn advice(name: &str) -> &'static str {
    if name.starts_with("s3://") { ADVICE } else { "" }
}
