//! The test files of a definitions folder. A run never reads them: a test that is wrong keeps no payload back.

use std::collections::BTreeSet;
use std::path::Path;

use super::code::Code;
use super::complaint::Complaint;
use super::diagnostic::Diagnostic;
use super::folder::{LoadError, test_files};
use super::read_file::{ReadFile, read_all};
use super::suggestion::offer;
use super::yaml::Document;
use super::{Catalog, Expected, LoadedTests, MetricTests, Tested, derived, test_reading};

/// Names that tests may use beside those of the catalog.
pub struct TestNames<'a> {
    /// The built-in classes.
    pub classes: Vec<&'a str>,
    /// Codes of the reasons for which a metric falls back.
    pub reasons: Vec<&'a str>,
}

/// Reads every `*.test.yml` beside the metrics under `root`, checked against what the catalog has.
///
/// # Errors
/// Where a folder cannot be listed.
pub fn load_tests(root: &Path, catalog: &Catalog, names: &TestNames<'_>) -> Result<LoadedTests, LoadError> {
    let mut loaded = LoadedTests::default();
    let files = test_files(root)?;
    // Most folders have none, and the names of all that can be derived are not to be had for nothing.
    if files.is_empty() {
        return Ok(loaded);
    }
    let known = Known::of(catalog, names);
    for file in read_all(files, |_, _| ()) {
        match read(file, &known) {
            Ok(tests) => loaded.files.push(tests),
            Err(problems) => loaded.problems.extend(problems),
        }
    }
    Ok(loaded)
}

fn read(file: ReadFile<()>, known: &Known<'_>) -> Result<MetricTests, Vec<Diagnostic>> {
    let (document, ()) = file.read.map_err(|unread| vec![*unread.problem])?;
    if !document.problems.is_empty() {
        return Err(document.problems);
    }
    let complaints = match test_reading::read(&document) {
        Ok(tests) => {
            let complaints = known.complaints(&tests);
            if complaints.is_empty() {
                return Ok(tests);
            }
            complaints
        }
        Err(complaints) => complaints,
    };
    Err(diagnosed(&document, complaints))
}

fn diagnosed(document: &Document, complaints: Vec<Complaint>) -> Vec<Diagnostic> {
    let found = complaints.into_iter().map(|complaint| document.diagnose(complaint));
    let mut found: Vec<Diagnostic> = found.collect();
    found.sort_by_key(Diagnostic::sort_key);
    found
}

struct Known<'a> {
    metrics: BTreeSet<String>,
    classes: Vec<&'a str>,
    reasons: &'a [&'a str],
}

impl<'a> Known<'a> {
    /// Of derived metrics all that there can be: flags are an instance's.
    fn of(catalog: &'a Catalog, names: &'a TestNames<'_>) -> Known<'a> {
        let derived = derived::at_most(catalog);
        let metrics = catalog.metrics.iter().filter(|metric| !metric.is_removed());
        let declared = catalog.classes.keys().map(String::as_str);
        Known {
            metrics: metrics
                .chain(&derived)
                .map(|metric| metric.key_path.to_string())
                .collect(),
            classes: declared.chain(names.classes.iter().copied()).collect(),
            reasons: &names.reasons,
        }
    }

    fn complaints(&self, tests: &MetricTests) -> Vec<Complaint> {
        let mut complaints: Vec<Complaint> = self.of_subject(&tests.subject).into_iter().collect();
        for (index, test) in tests.tests.iter().enumerate() {
            let Expected::Reason(reason) = &test.expected else {
                continue;
            };
            if !self.reasons.contains(&reason.as_str()) {
                let path = [
                    "tests".into(),
                    super::complaint::Segment::Index(index),
                    "value".into(),
                    "reason".into(),
                ];
                let complaint = Complaint::error(Code::BadValue, &path, format!("there is no reason `{reason}`"));
                complaints.push(complaint.maybe_help(offer(reason, self.reasons.iter().copied())));
            }
        }
        complaints
    }

    fn of_subject(&self, subject: &Tested) -> Option<Complaint> {
        let name = subject.name();
        match subject {
            Tested::Metric(_) if !self.metrics.contains(name) => {
                let message = format!("there is no metric `{name}`, or it was removed");
                let complaint = Complaint::error(Code::UnknownMetric, &["metric".into()], message);
                Some(complaint.maybe_help(offer(name, self.metrics.iter().map(String::as_str))))
            }
            Tested::Class { .. } if !self.classes.contains(&name) => {
                let message = format!("there is no class `{name}`");
                let complaint = Complaint::error(Code::UnknownInstrumentationClass, &["class".into()], message);
                Some(complaint.maybe_help(offer(name, self.classes.iter().copied())))
            }
            _ => None,
        }
    }
}
