//! Mistakes as authors make them: each is found where it stands, and its good twin passes clean.

mod support;

#[path = "planted/good.rs"]
mod good;
#[path = "planted/mistakes.rs"]
mod mistakes;

use good::FILES;
use mistakes::{MISTAKES, Mistake};
use serde_json::Value;
use support::cli::{Cli, Outcome};

/// Stands in a mistake where the problem has to be found.
const MARK: char = '‸';

fn written(changed: Option<&Mistake>) -> Cli {
    let cli = Cli::new();
    for (name, text) in FILES {
        let text = match changed.filter(|mistake| mistake.file == *name) {
            Some(mistake) => mistake.planted_in(text).replace(MARK, ""),
            None => (*text).to_owned(),
        };
        cli.write(name, &text);
    }
    if let Some(mistake) = changed.filter(|mistake| FILES.iter().all(|(name, _)| mistake.file != *name)) {
        cli.write(mistake.file, &mistake.bad.replace(MARK, ""));
    }
    cli
}

impl Mistake {
    fn planted_in(&self, text: &str) -> String {
        assert_eq!(text.matches(self.good).count(), 1, "{}: {:?}", self.file, self.good);
        text.replace(self.good, self.bad)
    }

    /// Line and column of the mark.
    fn place(&self) -> (u64, u64) {
        let text = FILES.iter().find(|(name, _)| *name == self.file);
        let text = text.map_or_else(|| self.bad.to_owned(), |(_, text)| self.planted_in(text));
        let before = text.split(MARK).next().expect("a text");
        assert!(before.len() < text.len(), "{:?} has no mark", self.bad);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
        (line, column)
    }
}

fn problems(outcome: &Outcome) -> Vec<Value> {
    let document: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    document["problems"].as_array().expect("a list").clone()
}

fn in_short(problem: &Value) -> String {
    format!(
        "{}:{}:{} {} {} ({})",
        problem["file"].as_str().unwrap_or_default(),
        problem["line"],
        problem["column"],
        problem["code"].as_str().unwrap_or_default(),
        problem["message"].as_str().unwrap_or_default(),
        problem["help"].as_str().unwrap_or("no help"),
    )
}

#[test]
fn the_good_twin_passes_clean() {
    let outcome = written(None).run(&["validate", "--deny-warnings", "--format", "json"]);
    let found: Vec<String> = problems(&outcome).iter().map(in_short).collect();
    assert_eq!(found, Vec::<String>::new());
    outcome.expect_code(0);
}

#[test]
fn each_mistake_is_found_where_it_stands_and_says_what_to_do() {
    let mut missed = Vec::new();
    for mistake in MISTAKES {
        let outcome = written(Some(mistake)).run(&["validate", "--deny-warnings", "--format", "json"]);
        let found = problems(&outcome);
        let (line, column) = mistake.place();
        let is_it = |problem: &&Value| {
            problem["file"] == mistake.file
                && problem["code"] == mistake.code
                && problem["line"] == line
                && problem["column"] == column
        };
        let hit = found.iter().find(is_it);
        let is_told = hit.is_some_and(|problem| problem["help"].is_string()) && outcome.code == Some(3);
        if !is_told {
            let found: Vec<String> = found.iter().map(in_short).collect();
            let (file, code) = (mistake.file, mistake.code);
            missed.push(format!(
                "{:?}: {file}:{line}:{column} {code}; found: {found:#?}",
                mistake.bad
            ));
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    assert!(MISTAKES.len() >= 40);
}
