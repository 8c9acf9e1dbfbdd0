//! The licence that the product runs under, as the file that `[license]` names holds it.
//!
//! The file is JSON: the attributes of a licence once it is decrypted, by the names of the product's own format
//! (`licensee`, `issued_at`, `expires_at`, `restrictions` with `plan`, `active_user_count` and so on), or by those that
//! `LicenseMetric` uses. Whatever else stands there is passed over.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use md5::Md5;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::measure::{Failure, LicenseAttribute, Reason};

/// A licence is a page of text; what is longer is none.
const LONGEST: u64 = 1024 * 1024;
/// What a licence without a plan is of.
const USUAL_PLAN: &str = "starter";
/// Where the kernel says that it keeps to the standard that knows no MD5.
const FIPS: &str = "/proc/sys/crypto/fips_enabled";

/// A licence that holds now.
#[derive(Debug, Clone, PartialEq)]
pub struct License {
    attributes: Map<String, Value>,
    starts_at: Option<NaiveDate>,
    expires_at: Option<NaiveDate>,
    md5: Option<String>,
    sha256: String,
}

impl License {
    /// Reads a licence that must hold at `now`; digests are of `original`, the text as the maker delivered it, where there
    /// is one.
    ///
    /// # Errors
    /// `invalid_license` where a file cannot be read or is no licence; `license_not_current` where it has ended by then,
    /// or has not begun. No attribute's value is told.
    pub fn read(file: &Path, original: Option<&Path>, now: DateTime<Utc>) -> Result<License, Failure> {
        let bytes = contents(file)?;
        let license = License::parse(&bytes).map_err(|why| invalid(file, &why))?;
        license.check_dates(file, now.date_naive())?;
        match original {
            Some(original) => Ok(license.with_digests_of(&contents(original)?)),
            None => Ok(license),
        }
    }

    fn parse(bytes: &[u8]) -> Result<License, String> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            format!(
                "it is no JSON at line {}: write the licence's decrypted attributes",
                error.line()
            )
        })?;
        let Value::Object(attributes) = value else {
            return Err("it is no JSON object of a licence's attributes".to_owned());
        };
        let mut license = License {
            starts_at: date(&attributes, &["starts_at", "issued_at"])?,
            expires_at: date(&attributes, &["expires_at"])?,
            attributes,
            md5: None,
            sha256: String::new(),
        };
        if license.starts_at.is_none() {
            return Err("it has no issued_at or starts_at".to_owned());
        }
        license.check_types()?;
        license = license.with_digests_of(bytes);
        Ok(license)
    }

    /// Attributes that are there are of the type that payloads want.
    fn check_types(&self) -> Result<(), String> {
        use LicenseAttribute as Of;
        let misfit = [
            Of::Licensee,
            Of::AddOns,
            Of::UserCount,
            Of::DailyBillableUsersCount,
            Of::Plan,
            Of::Trial,
        ]
        .into_iter()
        .find_map(|attribute| {
            let value = self.found(attribute).filter(|value| !value.is_null())?;
            let (fits, wanted) = match attribute {
                Of::Licensee | Of::AddOns => (value.is_object(), "an object"),
                Of::UserCount | Of::DailyBillableUsersCount => (value.is_u64(), "a number"),
                Of::Plan => (value.is_string(), "a text"),
                _ => (value.is_boolean(), "true or false"),
            };
            (!fits).then(|| format!("{} is not {wanted}", attribute.as_str()))
        });
        if let Some(misfit) = misfit {
            return Err(misfit);
        }
        if self.found(Of::Licensee).is_none() {
            return Err("it has no licensee".to_owned());
        }
        Ok(())
    }

    fn check_dates(&self, file: &Path, today: NaiveDate) -> Result<(), Failure> {
        let says = |what: &str, date: NaiveDate| {
            let message = format!("the licence {} {what} {date}", file.display());
            Err(Failure::new(Reason::LicenseNotCurrent, message))
        };
        match (self.starts_at, self.expires_at) {
            (Some(start), _) if start > today => says("begins on", start),
            // The date is the first day without it.
            (_, Some(end)) if end <= today => says("ended on", end),
            _ => Ok(()),
        }
    }

    fn with_digests_of(self, text: &[u8]) -> License {
        let text = normalised(text);
        let knows_md5 = !std::fs::read_to_string(FIPS).is_ok_and(|text| text.trim() == "1");
        License {
            md5: knows_md5.then(|| hex(&Md5::digest(&text))),
            sha256: hex(&Sha256::digest(&text)),
            ..self
        }
    }

    /// The plan in words, such as `ultimate`.
    pub fn plan(&self) -> &str {
        let plan = self.found(LicenseAttribute::Plan).and_then(Value::as_str);
        plan.unwrap_or(USUAL_PLAN)
    }

    /// What edition the plan is sold as.
    pub fn edition(&self) -> &'static str {
        match self.plan() {
            "ultimate" => "EEU",
            "premium" => "EEP",
            "starter" => "EES",
            _ => "EE",
        }
    }

    /// The day from which the licence holds no more.
    pub fn expires_at(&self) -> Option<NaiveDate> {
        self.expires_at
    }

    /// An attribute; null where the licence does not say, but for what it says by saying nothing.
    pub fn attribute(&self, attribute: LicenseAttribute) -> Value {
        let day = |date: Option<NaiveDate>| date.map_or(Value::Null, |date| Value::from(date.to_string()));
        match attribute {
            LicenseAttribute::Md5 => Value::from(self.md5.clone()),
            LicenseAttribute::Sha256 => Value::from(self.sha256.as_str()),
            LicenseAttribute::StartsAt => day(self.starts_at),
            LicenseAttribute::ExpiresAt => day(self.expires_at),
            LicenseAttribute::Plan => Value::from(self.plan()),
            other => self.found(other).cloned().unwrap_or_else(|| said_by_nothing(other)),
        }
    }

    /// What the file says of an attribute, under its name of ours or of the product's.
    fn found(&self, attribute: LicenseAttribute) -> Option<&Value> {
        let theirs = match attribute {
            LicenseAttribute::UserCount => "active_user_count",
            LicenseAttribute::LicenseId => "id",
            LicenseAttribute::Trial => "trial",
            other => other.as_str(),
        };
        let restrictions = self.attributes.get("restrictions").and_then(Value::as_object);
        let ours = [attribute.as_str(), attribute.as_str().trim_end_matches('?')];
        let here = ours.into_iter().find_map(|name| self.attributes.get(name));
        here.or_else(|| restrictions?.get(theirs))
    }
}

fn said_by_nothing(attribute: LicenseAttribute) -> Value {
    match attribute {
        LicenseAttribute::AddOns => Value::Object(Map::new()),
        LicenseAttribute::Trial => Value::Bool(false),
        _ => Value::Null,
    }
}

fn contents(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) if bytes.len() as u64 > LONGEST => Err(invalid(file, "it is longer than 1 MiB")),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(invalid(file, &format!("it cannot be read: {error}"))),
    }
}

fn invalid(file: &Path, why: &str) -> Failure {
    let message = format!("the licence {}: {why}", file.display());
    Failure::new(Reason::InvalidLicense, message)
}

/// The day of the first of these attributes that is there, also out of a time.
fn date(attributes: &Map<String, Value>, names: &[&str]) -> Result<Option<NaiveDate>, String> {
    let found = names.iter().find_map(|name| Some((name, attributes.get(*name)?)));
    let Some((name, value)) = found.filter(|(_, value)| !value.is_null()) else {
        return Ok(None);
    };
    let day = value.as_str().and_then(|text| text.get(..10)?.parse().ok());
    day.map(Some)
        .ok_or_else(|| format!("{name} is no date such as 2026-11-19"))
}

/// Lines end as on Unix, and the text with one line end at the most.
fn normalised(text: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if !(byte == b'\r' && after.first() == Some(&b'\n')) {
            lines.push(byte);
        }
        rest = after;
    }
    let ended = lines.last() == Some(&b'\n');
    while lines.last() == Some(&b'\n') {
        lines.pop();
    }
    if ended {
        lines.push(b'\n');
    }
    lines
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
