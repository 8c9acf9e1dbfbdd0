//! A metric's statements, and the problems of them as diagnostics of its files.

use serde_json::Value;

use super::finding::{Finding, FindingKind};
use super::prepare::Prepared;
use crate::definition::{Catalog, Code, Diagnostic, MetricDefinition, QueryPart, QueryProblem, Severity};
use crate::measure::Measure;

/// A statement that a definition, or a class that it names, writes itself.
pub struct Subject<'a> {
    definition: &'a MetricDefinition,
    /// The place in the list `data` of a sum.
    summand: Option<usize>,
    pub measure: Measure,
}

/// The statements of a metric; parts that other metrics are asked for are theirs.
pub fn statements_of<'a>(definition: &'a MetricDefinition, measure: &Measure) -> Vec<Subject<'a>> {
    let subject = |summand: Option<usize>, measure: &Measure| Subject {
        definition,
        summand,
        measure: measure.clone(),
    };
    match measure {
        Measure::Database(_) | Measure::SqlValue(_) => vec![subject(None, measure)],
        Measure::Sum(parts) => {
            let of_metrics = definition
                .options
                .get("metrics")
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            let in_place = parts.iter().skip(of_metrics).enumerate();
            in_place
                .filter(|(_, part)| matches!(part, Measure::Database(_) | Measure::SqlValue(_)))
                .map(|(index, part)| subject(Some(index), part))
                .collect()
        }
        _ => Vec::new(),
    }
}

impl Subject<'_> {
    /// What was found of it, at its places in the files.
    pub fn diagnostics(&self, prepared: &Prepared, catalog: &Catalog) -> Vec<Diagnostic> {
        let found = prepared.get(&self.measure).map(Vec::as_slice).unwrap_or_default();
        found
            .iter()
            .filter_map(|finding| catalog.diagnose_query(self.definition, self.summand, &self.problem(finding)))
            .collect()
    }

    fn problem<'f>(&self, finding: &'f Finding) -> QueryProblem<'f> {
        let name = finding.name.as_deref().unwrap_or_default();
        let window = match &self.measure {
            Measure::Database(measure) => measure.window.as_ref().map(|(column, _)| column.name.as_str()),
            _ => None,
        };
        let (severity, code, part) = match finding.kind {
            FindingKind::UnknownTable => (Severity::Error, Code::UnknownTable, QueryPart::Name(name)),
            FindingKind::UnknownColumn if window == Some(name) => {
                (Severity::Error, Code::UnknownColumn, QueryPart::WindowColumn(name))
            }
            FindingKind::UnknownColumn => (Severity::Error, Code::UnknownColumn, QueryPart::Name(name)),
            FindingKind::Refused => (Severity::Error, Code::RefusedStatement, QueryPart::Relation),
            FindingKind::RefusedColumn => (Severity::Error, Code::RefusedStatement, QueryPart::Counted),
            FindingKind::DistinctCountUnindexed => {
                (Severity::Warning, Code::DistinctCountUnindexed, QueryPart::Counted)
            }
            FindingKind::HistogramLargeTable => (Severity::Warning, Code::HistogramLargeTable, QueryPart::Relation),
            FindingKind::WindowUnindexed => (Severity::Warning, Code::WindowUnindexed, QueryPart::WindowColumn(name)),
        };
        let help = match part {
            QueryPart::WindowColumn(_) if severity == Severity::Error => {
                let nearest = finding.help.as_deref().unwrap_or_default();
                Some(format!(
                    "the time frame looks at it: name another one as `timestamp_column`; {nearest}"
                ))
            }
            _ => finding.help.clone(),
        };
        QueryProblem {
            severity,
            code,
            part,
            message: finding.message.clone(),
            help,
        }
    }
}
