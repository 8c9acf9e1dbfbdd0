//! Whatever is shared, each member's answers are those of its own statement.

use std::cell::{Cell as Counter, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use service_ping::relation::{Aggregate, Dialect, KeyRange, Places, Relation, SharedRelation};

use super::cases::{self, Member, SCHEMA, TABLES, by_id};
use super::engines::{Cell, Engine, unpacked_text};
use crate::postgres::Postgres;

/// What a member is answered, by its group keys.
type Answer = BTreeMap<Vec<Cell>, Vec<Value>>;

/// An aggregate's value, in a form that adds up.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Count(i64),
    Sum(Option<i64>),
    Packed(Vec<i64>),
}

impl Value {
    fn none(aggregate: &Aggregate) -> Value {
        match aggregate {
            Aggregate::Sum(_) => Value::Sum(None),
            Aggregate::PackedIntegers(..) => Value::Packed(Vec::new()),
            _ => Value::Count(0),
        }
    }

    fn add(&mut self, cell: &Cell) {
        let number = |text: &str| text.parse::<i64>().unwrap_or_else(|_| panic!("{text}"));
        match (self, cell) {
            (Value::Count(count), cell) => *count += number(cell.as_deref().expect("a count is never NULL")),
            (Value::Sum(sum), Some(text)) => *sum = Some(sum.unwrap_or(0) + number(text)),
            (Value::Packed(all), Some(text)) => {
                all.extend(text.split(',').filter(|text| !text.is_empty()).map(number));
                all.sort_unstable();
            }
            (Value::Sum(_) | Value::Packed(_), None) => {}
        }
    }
}

/// Adds up the rows of a statement as the places say.
fn answer(member: &Member, rows: &[Vec<Cell>], places: &Places) -> Answer {
    let nothing = || member.asked.iter().map(Value::none).collect::<Vec<_>>();
    let mut answer = Answer::new();
    if places.keys.is_empty() {
        answer.insert(Vec::new(), nothing());
    }
    for row in rows {
        if places.rows.is_some_and(|at| row[at].as_deref() == Some("0")) {
            continue;
        }
        let key = places.keys.iter().map(|at| row[*at].clone()).collect();
        let values = answer.entry(key).or_insert_with(nothing);
        for (value, at) in values.iter_mut().zip(&places.values) {
            value.add(&row[*at]);
        }
    }
    answer
}

/// What the member's own statement answers.
fn own(engine: &mut Engine, member: &Member, range: Option<&KeyRange>) -> Answer {
    let relation = member.relation();
    let dialect = engine.dialect();
    let sql = relation.select(dialect, &member.asked, range).unwrap();
    let mut rows = engine.rows(&sql, &[]);
    let width = relation.group_width();
    for row in &mut rows {
        for (cell, aggregate) in row.iter_mut().skip(width).zip(&member.asked) {
            if dialect == Dialect::Postgres && matches!(aggregate, Aggregate::PackedIntegers(..)) {
                *cell = cell.take().map(|digits| unpacked_text(&digits));
            }
        }
    }
    let places = Places {
        keys: (0..width).collect(),
        rows: None,
        values: (width..width + member.asked.len()).collect(),
    };
    answer(member, &rows, &places)
}

fn check(
    engine: &mut Engine,
    shared: &SharedRelation,
    members: &[&Member],
    range: Option<&KeyRange>,
) -> Result<(), TestCaseError> {
    let asked: Vec<Vec<Aggregate>> = members.iter().map(|member| member.asked.clone()).collect();
    let statement = shared.select(engine.dialect(), &asked, range).unwrap();
    prop_assert_eq!(statement.places.len(), members.len());
    let rows = engine.rows(&statement.sql, &statement.packed);
    for (member, places) in members.iter().zip(&statement.places) {
        let expected = own(engine, member, range);
        prop_assert_eq!(
            answer(member, &rows, places),
            expected,
            "{} in {}",
            member.text,
            statement.sql
        );
    }
    Ok(())
}

/// Checks random members on random rows; returns how many statements held members of several FROMs.
fn run(engine: Engine, cases: u32) -> u32 {
    let engine = RefCell::new(engine);
    engine.borrow_mut().execute(&SCHEMA.join(";"));
    let mixed = Counter::new(0);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(cases));
    let input = (cases::rows(), cases::members(), cases::range(), any::<u64>());
    let result = runner.run(&input, |(rows, members, range, chosen)| {
        let engine = &mut *engine.borrow_mut();
        let clear = TABLES.iter().map(|table| format!("DELETE FROM {table}"));
        engine.execute(&clear.chain(rows).collect::<Vec<_>>().join(";"));
        let relations: Vec<Relation> = members.iter().map(Member::relation).collect();
        let relations: Vec<&Relation> = relations.iter().collect();
        let groups = SharedRelation::groups(&relations, &by_id);
        prop_assert_eq!(groups.len() == 1, SharedRelation::of(&relations, &by_id).is_some());
        let mut seen: Vec<usize> = groups.concat();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..members.len()).collect::<Vec<_>>());
        for group in groups {
            let together: Vec<&Relation> = group.iter().map(|index| relations[*index]).collect();
            let shared = SharedRelation::of(&together, &by_id).expect("a group can be shared");
            let members: Vec<&Member> = group.iter().map(|index| &members[*index]).collect();
            let joins: std::collections::BTreeSet<_> = members
                .iter()
                .map(|member| member.text.matches("JOIN").count())
                .collect();
            mixed.set(mixed.get() + u32::from(joins.len() > 1));
            check(engine, &shared, &members, range.as_ref())?;
            let some: Vec<usize> = (0..members.len()).filter(|at| chosen >> at & 1 == 1).collect();
            if !some.is_empty() {
                let members: Vec<&Member> = some.iter().map(|at| members[*at]).collect();
                check(engine, &shared.only(&some), &members, range.as_ref())?;
            }
        }
        Ok(())
    });
    if let Err(TestError::Fail(reason, input)) = &result {
        panic!("{reason}\n{input:#?}");
    }
    result.unwrap();
    mixed.get()
}

#[test]
fn shared_answers_are_each_members_own_on_sqlite() {
    assert!(run(Engine::sqlite(), 500) > 100);
}

#[test]
fn shared_answers_are_each_members_own_on_postgresql() {
    let database = Postgres::shared().database();
    assert!(run(Engine::postgres(&database.url()), 200) > 40);
}
