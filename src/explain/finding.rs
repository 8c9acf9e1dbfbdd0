//! What a live database has against a statement.

use crate::definition::offer;
use crate::measure::{Failure, Reason};
use crate::relation::MainTable;
use crate::source::database::{Database, DatabaseError, Session, TableInfo, table_names};

/// One thing that is wrong, or deserves a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// The name that it is about, of a table or a column.
    pub name: Option<String>,
    /// A lower-case fragment that says what is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    UnknownTable,
    UnknownColumn,
    /// Anything else that the database refuses.
    Refused,
    /// The same, about the counted column.
    RefusedColumn,
    DistinctCountUnindexed,
    HistogramLargeTable,
    WindowUnindexed,
}

impl Finding {
    pub(super) fn refused(message: String) -> Finding {
        Finding {
            kind: FindingKind::Refused,
            name: None,
            message,
            help: None,
        }
    }

    pub(super) fn at_counted(mut self) -> Finding {
        self.kind = FindingKind::RefusedColumn;
        self
    }

    /// A finding about a column of a table that is not small.
    pub(super) fn new(kind: FindingKind, column: &str, table: &str) -> Finding {
        let (message, help) = match kind {
            FindingKind::HistogramLargeTable => (
                format!("a histogram of `{table}`, which has more than 1,000,000 rows"),
                "one statement reads all of it: choose a smaller table, or a metric for each bucket".to_owned(),
            ),
            FindingKind::WindowUnindexed => (
                format!("`{table}` has no index on `{column}`, over which the time window lies"),
                "`service-ping explain` writes the migration of the index".to_owned(),
            ),
            _ => (
                format!("a distinct count of `{column}`, on which `{table}` has no index"),
                "add the index that `service-ping explain` writes, or use estimate_batch_distinct_count".to_owned(),
            ),
        };
        Finding {
            kind,
            name: Some(column.to_owned()),
            message,
            help: Some(help),
        }
    }
}

/// What a refused statement means: the tables that are not there, a column that is not, or the server's own words.
///
/// # Errors
/// As looks at the catalogue.
pub(super) async fn of_refusal(
    session: &mut Session,
    database: &Database,
    tables: &[MainTable],
    refusal: &Failure,
) -> Result<Vec<Finding>, DatabaseError> {
    let (mut missing, mut there) = (Vec::new(), Vec::new());
    for table in tables {
        match database.table(session, table).await? {
            Some(info) => there.push((table, info)),
            None => missing.push(table),
        }
    }
    if !missing.is_empty() && refusal.reason == Reason::MissingTable {
        let known = table_names(session).await?;
        return Ok(missing
            .into_iter()
            .map(|table| unknown_table(&table.name, &known))
            .collect());
    }
    let unknown = match refusal.reason {
        Reason::MissingColumn => named_column(&refusal.message),
        _ => None,
    };
    let Some((alias, name)) = unknown else {
        return Ok(vec![refused(refusal)]);
    };
    let of_alias = there.iter().find(|(table, _)| Some(&table.alias) == alias.as_ref());
    Ok(vec![match of_alias.or(there.first()) {
        Some((table, info)) => unknown_column(&name, &table.name, info),
        None => refused(refusal),
    }])
}

/// Types that do not fit are about the counted column far more often than about a condition.
fn refused(refusal: &Failure) -> Finding {
    let mut finding = Finding::refused(refusal.message.clone());
    finding.help = Some(refusal.reason.advice().to_owned());
    let about_a_function = refusal.message.starts_with("function ");
    match refusal.reason {
        Reason::WrongType if about_a_function => {
            finding.help = Some("count what the column holds, or sum a column of numbers".to_owned());
            finding.at_counted()
        }
        _ => finding,
    }
}

fn unknown_table(name: &str, known: &[String]) -> Finding {
    Finding {
        kind: FindingKind::UnknownTable,
        name: Some(name.to_owned()),
        message: format!("the database has no table `{name}`"),
        help: Some(offered(
            name,
            known.iter().map(String::as_str),
            "run the product's migrations first",
        )),
    }
}

pub(super) fn unknown_column(name: &str, table: &str, info: &TableInfo) -> Finding {
    let known = info.columns.keys().map(String::as_str);
    Finding {
        kind: FindingKind::UnknownColumn,
        name: Some(name.to_owned()),
        message: format!("`{table}` has no column `{name}`"),
        help: Some(offered(
            name,
            known,
            "name one of its columns, or run the product's migrations first",
        )),
    }
}

fn offered<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    offer(name, known).unwrap_or_else(|| otherwise.to_owned())
}

/// The column of `column issues.autor_id does not exist` or `no such column: issues.autor_id`, with its qualifier.
fn named_column(message: &str) -> Option<(Option<String>, String)> {
    let name = match message.strip_prefix("no such column: ") {
        Some(name) => name,
        None => message.strip_prefix("column ")?.split(" does not exist").next()?,
    };
    let bare = |name: &str| name.trim().trim_matches(['"', '`']).to_owned();
    Some(match name.rsplit_once('.') {
        Some((alias, name)) => (Some(bare(alias)), bare(name)),
        None => (None, bare(name)),
    })
}
