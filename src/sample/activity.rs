//! What the people of the sample instance did, and when: what an application would have tracked.

use super::dice::Dice;

/// People of a sample of scale 1, and the fewest that a smaller one has.
const PEOPLE: f64 = 400.0;
const FEWEST: f64 = 40.0;
/// How far back people did anything: five whole weeks, and the one that runs.
const DAYS: u64 = 42;

/// Somebody did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// Who did it, from 1.
    pub person: u64,
    /// How many days ago.
    pub days_ago: u64,
    /// Another draw of the act, for whatever belongs to it.
    pub draw: u64,
}

/// Every time that somebody did `what`, repeatable like all of the sample. Some things are done by nearly everybody each
/// month, some by few, and the people who do many things are the same.
pub fn activity(what: &str, scale: f64) -> Vec<Act> {
    let people = (PEOPLE * scale.sqrt()).max(FEWEST) as u64;
    let habit = Dice::new("activity", "people");
    let popularity = 0.04 + 0.4 * Dice::new("activity", what).unit(0).powi(2);
    let dice = Dice::new("activity", what);
    let mut acts = Vec::new();
    for person in 1..=people {
        let chance = popularity * (0.2 + habit.unit(person));
        for days_ago in 0..DAYS {
            let row = person * DAYS + days_ago;
            if dice.unit(row) < chance {
                let draw = dice.again().bits(row);
                acts.push(Act { person, days_ago, draw });
            }
        }
    }
    acts
}
