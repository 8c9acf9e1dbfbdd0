//! What the doctor found, and how it is shown.

use serde_json::{Value, json};

use crate::cli::CliError;
use crate::cli::output::{Format, print};

/// One thing that was looked at.
pub(super) struct Finding {
    pub(super) subject: String,
    pub(super) well: bool,
    pub(super) says: String,
}

impl Finding {
    pub(super) fn well(subject: &str, says: impl Into<String>) -> Finding {
        Finding {
            subject: subject.to_owned(),
            well: true,
            says: says.into(),
        }
    }

    pub(super) fn ill(subject: &str, says: impl Into<String>) -> Finding {
        Finding {
            subject: subject.to_owned(),
            well: false,
            says: says.into(),
        }
    }
}

pub(super) fn show(findings: &[Finding], format: Format) -> Result<(), CliError> {
    match format {
        Format::Json => {
            let entry =
                |finding: &Finding| json!({"subject": finding.subject, "ok": finding.well, "says": finding.says});
            let list: Vec<Value> = findings.iter().map(entry).collect();
            print(&format!("{:#}\n", json!({"findings": list})))
        }
        Format::Human => {
            let width = findings
                .iter()
                .map(|finding| finding.subject.len())
                .max()
                .unwrap_or_default();
            let line = |finding: &Finding| {
                let mark = if finding.well { "ok  " } else { "FAIL" };
                format!("{mark}  {:width$}  {}\n", finding.subject, finding.says)
            };
            print(&findings.iter().map(line).collect::<String>())
        }
    }
}
