//! Where files go.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use super::error::ExportError;
use crate::emit::install_tls;

const S3: &str = "s3://";

/// A folder, or a place in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportTarget {
    Folder(PathBuf),
    Bucket { bucket: String, prefix: String },
}

impl ExportTarget {
    /// Reads `s3://BUCKET/PREFIX` or the path of a folder.
    ///
    /// # Errors
    /// It is the address of something else, or names no bucket.
    pub fn parse(text: &str) -> Result<ExportTarget, ExportError> {
        let Some(place) = text.strip_prefix(S3) else {
            return match text.is_empty() || text.contains("://") {
                true => Err(ExportError::NoTarget(text.to_owned())),
                false => Ok(ExportTarget::Folder(PathBuf::from(text))),
            };
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(ExportError::NoTarget(text.to_owned()));
        }
        Ok(ExportTarget::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        })
    }

    /// What is written to, and the path of a file in it.
    pub(super) fn open(&self, file: &str) -> Result<(Arc<dyn ObjectStore>, Path), ExportError> {
        match self {
            ExportTarget::Folder(folder) => {
                let failed = |source| ExportError::Folder {
                    folder: folder.display().to_string(),
                    source,
                };
                std::fs::create_dir_all(folder).map_err(failed)?;
                let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
                Ok((Arc::new(store), Path::from(file)))
            }
            ExportTarget::Bucket { bucket, prefix } => {
                install_tls();
                let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build()?;
                let path = Path::from(prefix.as_str()).join(file);
                Ok((Arc::new(store), path))
            }
        }
    }

    /// A file of it, as a person reads it.
    pub(super) fn show(&self, file: &str) -> String {
        match self {
            ExportTarget::Folder(folder) => folder.join(file).display().to_string(),
            ExportTarget::Bucket { bucket, prefix } if prefix.is_empty() => format!("{S3}{bucket}/{file}"),
            ExportTarget::Bucket { bucket, prefix } => format!("{S3}{bucket}/{prefix}/{file}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExportTarget;

    #[test]
    fn a_target_is_a_folder_or_a_place_in_a_bucket() {
        let shown = |text: &str| ExportTarget::parse(text).map(|target| target.show("x.csv"));
        assert_eq!(shown("s3://b/p/q/").unwrap(), "s3://b/p/q/x.csv");
        assert_eq!(shown("s3://b").unwrap(), "s3://b/x.csv");
        assert_eq!(shown("out").unwrap(), "out/x.csv");
        for text in ["", "s3://", "s3:///p", "gs://b/p", "https://b"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }
}
