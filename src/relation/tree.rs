//! The tree of a relation. (Signatures first: the room is being built.)

use super::*;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation;
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query;

#[allow(unused_variables)]
impl Relation {
    pub fn parse(text: &str) -> Result<Relation, RelationError> {
        todo!()
    }
    pub fn placeholders(&self) -> Vec<String> {
        todo!()
    }
    pub fn bind(
        &self,
        parameters: &BTreeMap<String, serde_json::Value>,
        now: DateTime<Utc>,
    ) -> Result<Relation, RelationError> {
        todo!()
    }
    pub fn main_table(&self) -> Option<&MainTable> {
        todo!()
    }
    pub fn main_alias(&self) -> &str {
        todo!()
    }
    pub fn is_joined(&self) -> bool {
        todo!()
    }
    pub fn is_grouped(&self) -> bool {
        todo!()
    }
    pub fn group_width(&self) -> usize {
        todo!()
    }
    pub fn has_filter(&self) -> bool {
        todo!()
    }
    pub fn tables(&self) -> Vec<MainTable> {
        todo!()
    }
    pub fn column(&self, text: &str) -> Result<Column, RelationError> {
        todo!()
    }
    pub fn within(&self, column: &Column, window: &Window) -> Relation {
        todo!()
    }
    pub fn base(&self) -> Relation {
        todo!()
    }
    pub fn ungrouped(&self) -> Relation {
        todo!()
    }
    pub fn select(
        &self,
        dialect: Dialect,
        aggregates: &[Aggregate],
        range: Option<&KeyRange>,
    ) -> Result<String, RelationError> {
        todo!()
    }
    pub fn step(
        &self,
        dialect: Dialect,
        columns: &[Column],
        range: Option<&KeyRange>,
        step: u64,
    ) -> Result<String, RelationError> {
        todo!()
    }
    pub fn histogram(
        &self,
        dialect: Dialect,
        column: &Column,
        from: i64,
        to: i64,
        size: i64,
    ) -> Result<String, RelationError> {
        todo!()
    }
    pub fn fenced_bounds(&self, dialect: Dialect, column: &Column) -> Result<String, RelationError> {
        todo!()
    }
    pub fn statement(
        &self,
        dialect: Dialect,
        operation: Operation,
        column: Option<&Column>,
    ) -> Result<String, RelationError> {
        todo!()
    }
}

#[allow(unused_variables)]
impl Query {
    pub fn parse(text: &str) -> Result<Query, RelationError> {
        todo!()
    }
    pub fn placeholders(&self) -> Vec<String> {
        todo!()
    }
    pub fn bind(
        &self,
        parameters: &BTreeMap<String, serde_json::Value>,
        now: DateTime<Utc>,
    ) -> Result<Query, RelationError> {
        todo!()
    }
    pub fn tables(&self) -> Vec<MainTable> {
        todo!()
    }
    pub fn render(&self, dialect: Dialect) -> Result<String, RelationError> {
        todo!()
    }
}
