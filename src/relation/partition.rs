//! A relation over one partition of its main table.

use std::borrow::Cow;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, TableAlias, TableFactor};

use super::identifiers::quoted;
use super::{KeyRange, MainTable, Relation, RelationError};

impl Relation {
    /// The same relation with its main table replaced by one of that table's partitions, under the name by which the rest
    /// of the relation calls it. `None` where the rows do not begin with a table, or where its columns are named by their
    /// places, which differ between partitions.
    pub fn of_partition(&self, schema: Option<&str>, name: &str) -> Option<Relation> {
        let main = self.main_table()?;
        let mut relation = self.clone();
        let TableFactor::Table { name: table, alias, .. } = &mut relation.parts_mut().from.relation else {
            return None;
        };
        if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty()) {
            return None;
        }
        let parts = schema.into_iter().chain([name]);
        *table = ObjectName(parts.map(|part| ObjectNamePart::Identifier(quoted(part))).collect());
        if alias.is_none() {
            *alias = Some(named(quoted(&main.alias)));
        }
        relation.parts_mut().main.table = Some(MainTable {
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
            alias: main.alias.clone(),
        });
        Some(relation)
    }

    /// The relation that a range is of, and the condition that is left of it: a partition stands in FROM, all else in WHERE.
    ///
    /// # Errors
    /// A partition where there can be none.
    pub(super) fn over<'a>(
        &'a self,
        range: Option<&'a KeyRange>,
    ) -> Result<(Cow<'a, Relation>, Option<&'a KeyRange>), RelationError> {
        let Some(KeyRange::OfPartition { schema, name, range }) = range else {
            return Ok((Cow::Borrowed(self), range));
        };
        let partition = self
            .of_partition(schema.as_deref(), name)
            .ok_or_else(|| RelationError::new("the first item of FROM has no partitions"))?;
        Ok((Cow::Owned(partition), range.as_deref()))
    }
}

fn named(name: Ident) -> TableAlias {
    TableAlias {
        explicit: true,
        name,
        columns: Vec::new(),
        at: None,
    }
}
