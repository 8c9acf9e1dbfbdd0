//! What was measured, against what it should be.

use std::fmt::Write;
use std::time::Duration;

use crate::turns::Times;

struct Row {
    what: String,
    ours: String,
    theirs: String,
    ratio: String,
    target: String,
    /// `None` where there is nothing to meet.
    met: Option<bool>,
}

/// Rows are printed as they come.
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    pub fn new() -> Table {
        println!("{:<46} {:>9} {:>9} {:>7}  target", "", "ours", "other", "ratio");
        Table {
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Ours may take `most` times as long as the other.
    pub fn at_most(&mut self, what: &str, ours: &Times, other: &Times, most: f64) {
        let ratio = ours.over(other);
        self.times(what, ours, other, ratio, format!("<= {most:.2}"), ratio <= most);
    }

    /// Ours must be `least` times as fast as the other.
    pub fn faster(&mut self, what: &str, ours: &Times, other: &Times, least: f64) {
        let ratio = other.over(ours);
        self.times(
            what,
            ours,
            other,
            ratio,
            format!(">= {least:.1} times faster"),
            ratio >= least,
        );
    }

    /// A ratio without a target.
    pub fn told(&mut self, what: &str, ours: &Times, other: &Times) {
        let ratio = other.over(ours);
        self.add(Row {
            what: what.to_owned(),
            ours: seconds(ours.median()),
            theirs: seconds(other.median()),
            ratio: format!("{ratio:.2}"),
            target: "none; times faster".to_owned(),
            met: None,
        });
    }

    fn times(&mut self, what: &str, ours: &Times, other: &Times, ratio: f64, target: String, met: bool) {
        self.add(Row {
            what: what.to_owned(),
            ours: seconds(ours.median()),
            theirs: seconds(other.median()),
            ratio: format!("{ratio:.2}"),
            target,
            met: Some(met),
        });
    }

    /// A figure that is no ratio, or a fact.
    pub fn check(&mut self, what: &str, is: &str, target: &str, met: bool) {
        self.add(Row {
            what: what.to_owned(),
            ours: is.to_owned(),
            theirs: String::new(),
            ratio: String::new(),
            target: target.to_owned(),
            met: Some(met),
        });
    }

    /// A case that cannot be measured yet.
    pub fn skipped(&mut self, what: &str, why: &str) {
        self.add(Row {
            what: what.to_owned(),
            ours: String::new(),
            theirs: String::new(),
            ratio: String::new(),
            target: format!("not run: {why}"),
            met: None,
        });
    }

    /// A case that ended before it was measured.
    pub fn failed(&mut self, what: &str, why: &str) {
        self.check(what, "failed", why, false);
    }

    /// What a figure was measured with.
    pub fn note(&mut self, text: String) {
        println!("    {text}");
        self.notes.push(text);
    }

    pub fn missed(&self) -> usize {
        self.rows.iter().filter(|row| row.met == Some(false)).count()
    }

    fn add(&mut self, row: Row) {
        let Row {
            what,
            ours,
            theirs,
            ratio,
            target,
            ..
        } = &row;
        println!(
            "{what:<46} {ours:>9} {theirs:>9} {ratio:>7}  {target}{}",
            row.verdict("", "   MISSED")
        );
        self.rows.push(row);
    }

    /// The table and its notes, for BENCHMARKS.md.
    pub fn markdown(&self) -> String {
        let mut text = "| what | ours | other | ratio | target | verdict |\n|---|--:|--:|--:|---|---|\n".to_owned();
        for row in &self.rows {
            let Row {
                what,
                ours,
                theirs,
                ratio,
                target,
                ..
            } = row;
            let target = target.replace('|', "\\|").replace('\n', " ");
            let verdict = row.verdict("met", "**missed**");
            let _ = writeln!(text, "| {what} | {ours} | {theirs} | {ratio} | {target} | {verdict} |");
        }
        text.push('\n');
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }
}

impl Row {
    fn verdict(&self, met: &'static str, missed: &'static str) -> &'static str {
        match self.met {
            Some(true) => met,
            Some(false) => missed,
            None => "",
        }
    }
}

pub fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        short if short < 1.0 => format!("{:.0} ms", short * 1000.0),
        long => format!("{long:.2} s"),
    }
}
