//! The DevOps score (spec 12.5): what an instance makes of each feature, beside the leader of the fleet.
//!
//! An instance's value of a feature is what its counters say it made of it in all its life, for each active user:
//! counters of all time are the only ones that every payload has, and for each user because a large instance makes more
//! of everything. `projects_prometheus_active` is for each project. The leader of a feature is the 90th percentile over the
//! instances whose last payload has a value of it, between neighbours as `percentile_cont` does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::leaves::Leaf;
use super::store::ReceiverStore;

const FEATURES: usize = 10;
/// Which instance leads: this share of them makes less.
const LEADER: f64 = 0.9;

/// A feature, the counters that are added up, and what they are divided by.
struct Feature {
    name: &'static str,
    counters: &'static [&'static str],
    each: &'static str,
}

const USERS: &str = "active_user_count";
const PROJECTS: &str = "counts.projects";

const fn by_user(name: &'static str, counters: &'static [&'static str]) -> Feature {
    Feature {
        name,
        counters,
        each: USERS,
    }
}

static ALL: [Feature; FEATURES] = [
    by_user("issues", &["counts.issues"]),
    by_user("notes", &["counts.notes"]),
    by_user("milestones", &["counts.milestones"]),
    by_user("boards", &["counts.boards"]),
    by_user("merge_requests", &["counts.merge_requests"]),
    by_user(
        "ci_pipelines",
        &["counts.ci_internal_pipelines", "counts.ci_external_pipelines"],
    ),
    by_user("environments", &["counts.environments"]),
    by_user("deployments", &["counts.deployments"]),
    Feature {
        name: "projects_prometheus_active",
        counters: &["counts.projects_prometheus_active"],
        each: PROJECTS,
    },
    by_user("service_desk_issues", &["counts.service_desk_issues"]),
];

/// An instance's values, feature by feature; those that its payload does not tell are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Score([Option<f64>; FEATURES]);

impl Score {
    /// As the store has it.
    pub(super) fn to_text(&self) -> String {
        json!(self.0).to_string()
    }

    fn from_text(text: &str) -> Score {
        let values: Vec<Option<f64>> = serde_json::from_str(text).unwrap_or_default();
        let mut score = Score::default();
        for (place, value) in score.0.iter_mut().zip(values) {
            *place = value;
        }
        score
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The features with their values.
    pub(super) fn values(text: &str) -> Vec<(&'static str, Option<f64>)> {
        let names = ALL.iter().map(|feature| feature.name);
        names.zip(Score::from_text(text).0).collect()
    }
}

/// The counters of one payload that the score is made of.
#[derive(Debug, Default)]
pub(super) struct Counters {
    found: Vec<(&'static str, f64)>,
}

impl Counters {
    /// Notes a leaf if it is one of them. Fallbacks are no counts.
    pub(super) fn note(&mut self, path: &str, leaf: Leaf<'_>) {
        if path != USERS && !path.starts_with("counts.") {
            return;
        }
        let names = ALL
            .iter()
            .flat_map(|feature| feature.counters.iter().chain([&feature.each]));
        let name = names.copied().find(|name| *name == path);
        let number = leaf.number().filter(|number| number.is_finite() && *number >= 0.0);
        if let Some((name, number)) = name.zip(number) {
            self.found.push((name, number));
        }
    }

    fn get(&self, name: &str) -> Option<f64> {
        let found = self.found.iter().rev().find(|(found, _)| *found == name);
        found.map(|(_, number)| *number)
    }

    /// The values. A feature has none if one of its counters is missing, or if there is nobody to divide by.
    pub(super) fn score(&self) -> Score {
        let value = |feature: &Feature| {
            let each = self.get(feature.each).filter(|each| *each > 0.0)?;
            let counters: Option<Vec<f64>> = feature.counters.iter().map(|name| self.get(name)).collect();
            Some(counters?.into_iter().sum::<f64>() / each).filter(|value| value.is_finite())
        };
        Score(ALL.each_ref().map(value))
    }
}

/// The fleet's leaders, computed when they are asked for and are older than they may be, so that a ping does not read the fleet.
#[derive(Clone)]
pub(super) struct Leaders {
    store: ReceiverStore,
    age: Duration,
    cached: Arc<Mutex<Option<(Instant, Score)>>>,
}

impl Leaders {
    pub(super) fn new(store: ReceiverStore, age: Duration) -> Leaders {
        Leaders {
            store,
            age,
            cached: Arc::default(),
        }
    }

    /// What an instance of these values is told, or nothing if it has none.
    pub(super) async fn report(&self, score: &Score) -> Result<Map<String, Value>, sqlx::Error> {
        if score.is_empty() {
            return Ok(Map::new());
        }
        let leaders = self.current().await?;
        let mut report = Map::new();
        for ((feature, instance), leader) in ALL.iter().zip(score.0).zip(leaders.0) {
            // The contract wants every number; what is not known is 0.
            let (instance, leader) = (instance.unwrap_or(0.0), leader.unwrap_or(0.0));
            let name = feature.name;
            report.insert(format!("leader_{name}"), json!(leader));
            report.insert(format!("instance_{name}"), json!(instance));
            report.insert(format!("percentage_{name}"), json!(percentage(instance, leader)));
        }
        Ok(report)
    }

    /// Whoever comes while the leaders are computed waits for the same result.
    async fn current(&self) -> Result<Score, sqlx::Error> {
        let mut cached = self.cached.lock().await;
        if let Some((computed, leaders)) = cached.as_ref().filter(|(computed, _)| computed.elapsed() < self.age) {
            tracing::trace!(age = ?computed.elapsed(), "The leaders are known.");
            return Ok(leaders.clone());
        }
        let leaders = leaders(&self.store.scores().await?);
        *cached = Some((Instant::now(), leaders.clone()));
        Ok(leaders)
    }
}

/// The leader of each feature.
fn leaders(fleet: &[String]) -> Score {
    let scores: Vec<Score> = fleet.iter().map(|text| Score::from_text(text)).collect();
    let mut leaders = Score::default();
    for (feature, leader) in leaders.0.iter_mut().enumerate() {
        let values = scores.iter().filter_map(|score| *score.0.get(feature)?).collect();
        *leader = percentile(values, LEADER);
    }
    leaders
}

/// The value below which a share of the values lies, between its two neighbours in proportion.
pub(super) fn percentile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a fleet"
    )]
    let (place, below) = {
        let place = share * last as f64;
        (place.fract(), place as usize)
    };
    let low = *values.get(below)?;
    let high = *values.get((below + 1).min(last))?;
    Some(low + (high - low) * place)
}

/// How near an instance comes to the leader, 100 at most.
fn percentage(instance: f64, leader: f64) -> f64 {
    if instance >= leader {
        return if instance > 0.0 { 100.0 } else { 0.0 };
    }
    instance / leader * 100.0
}

#[cfg(test)]
mod tests {
    use super::{Counters, leaders, percentage, percentile};
    use crate::versions::receiver::leaves::walk;

    fn text(payload: &str) -> String {
        let mut counters = Counters::default();
        walk(payload, &mut |path, leaf| counters.note(path, leaf)).unwrap();
        counters.score().to_text()
    }

    #[test]
    fn values_are_for_each_user() {
        let payload = r#"{"active_user_count": 4, "counts": {"issues": 10, "notes": -1, "boards": 0, "projects": 8,
            "ci_internal_pipelines": 3, "ci_external_pipelines": 5, "projects_prometheus_active": 2}}"#;
        assert_eq!(text(payload), "[2.5,null,null,0.0,null,2.0,null,null,0.25,null]");
        assert!(!text(r#"{"active_user_count": 0, "counts": {"issues": 10}}"#).contains("2.5"));
        assert_eq!(
            text(r#"{"counts": {"issues": 10}}"#),
            "[null,null,null,null,null,null,null,null,null,null]"
        );
    }

    #[test]
    fn the_leader_is_the_ninetieth_percentile() {
        assert_eq!(percentile(vec![], 0.9), None);
        assert_eq!(percentile(vec![7.0], 0.9), Some(7.0));
        assert_eq!(percentile((0..=10).rev().map(f64::from).collect(), 0.9), Some(9.0));
        // numpy.percentile([1, 2, 4, 8], 90) is 6.8
        assert!((percentile(vec![8.0, 1.0, 4.0, 2.0], 0.9).unwrap() - 6.8).abs() < 1e-12);
        let fleet = ["[1.0,null]".to_owned(), "[3.0,5.0]".to_owned(), "nonsense".to_owned()];
        assert!(leaders(&fleet).to_text().starts_with("[2.8,5.0,null"));
    }

    #[test]
    fn a_percentage_is_of_the_leader() {
        for (instance, leader, percent) in [
            (0.0, 0.0, 0.0),
            (3.2, 10.2, 31.37),
            (11.0, 10.0, 100.0),
            (1.0, 0.0, 100.0),
        ] {
            assert!(
                (percentage(instance, leader) - percent).abs() < 0.01,
                "{instance} of {leader}"
            );
        }
    }
}
