//! A column by its name in a definition.

use sqlparser::ast::{Expr, Ident};

use super::identifiers::{folded, is_value_word};
use super::refusal::{excerpt, listed};
use super::shape::name_in_from;
use super::source::Source;
use super::{Column, Relation, RelationError, parse};

/// How alike a mistyped name must be to be suggested; 1 is the same.
const ALIKE: f64 = 0.75;

/// Read `c` or `t.c`, quoted or not, as a column of the relation.
pub(super) fn parse(relation: &Relation, text: &str) -> Result<Column, RelationError> {
    let everything = Some(0..text.len());
    let no_column = || {
        RelationError::new(format!("{} is not a column's name", excerpt(text)))
            .help("write `column` or `table.column`")
            .at(everything.clone())
    };
    let source = Source::read(text)?;
    let parts = match parse::expression(&source) {
        Ok(Expr::Identifier(ident)) if !is_value_word(&ident) => vec![ident],
        Ok(Expr::CompoundIdentifier(parts)) => parts,
        Ok(_) | Err(_) => return Err(no_column()),
    };
    match parts.as_slice() {
        [name] => Ok(Column {
            table: relation.main_alias().to_owned(),
            name: folded(name),
        }),
        [qualifier, name] => qualified(relation, qualifier, name, &source),
        _ => Err(no_column()),
    }
}

fn qualified(
    relation: &Relation,
    qualifier: &Ident,
    name: &Ident,
    source: &Source<'_>,
) -> Result<Column, RelationError> {
    let table = folded(qualifier);
    let tables = tables_in_from(relation);
    if tables.contains(&table) {
        return Ok(Column {
            table,
            name: folded(name),
        });
    }
    let known = listed(tables.iter().map(String::as_str));
    let help = match closest(&table, &tables) {
        Some(closest) => format!("did you mean `{closest}`? the relation names {known}"),
        None => format!("the relation names {known}"),
    };
    Err(RelationError::new(format!("`{table}` is not a table of the relation"))
        .help(help)
        .at(source.range(qualifier.span)))
}

fn tables_in_from(relation: &Relation) -> Vec<String> {
    let factors = std::iter::once(&relation.parts.from.relation)
        .chain(relation.parts.from.joins.iter().map(|join| &join.relation));
    factors.filter_map(name_in_from).collect()
}

fn closest<'a>(name: &str, candidates: &'a [String]) -> Option<&'a str> {
    candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate.as_str()))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}
