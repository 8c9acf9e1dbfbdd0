//! `[license]`: the licence that the product runs under.

use std::path::PathBuf;

use schemars::JsonSchema;

use super::section::Section;

/// The licence that the product runs under. Without one, the metrics of the class `LicenseMetric` are null.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
pub struct License {
    /// A JSON file of the licence's decrypted attributes: `licensee`, `issued_at`, `expires_at` and `restrictions` with
    /// `plan`, `active_user_count`, `subscription_id`, `id`, `add_ons`, `trial`. One that cannot be read, or does not hold
    /// now, makes these metrics null with a reason.
    #[schemars(with = "Option<String>", example = "")]
    pub file: Option<PathBuf>,
    /// The licence as it was delivered, if the digests are to be of its text. Left empty, they are of `file`.
    #[schemars(with = "Option<String>", example = "")]
    pub original_file: Option<PathBuf>,
}

impl License {
    pub(super) fn read(mut section: Section<'_>) -> License {
        let license = License {
            file: section.path("file"),
            original_file: section.path("original_file"),
        };
        section.finish();
        license
    }
}
