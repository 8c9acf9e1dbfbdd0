//! An explanation as text for a merge request: query, plan, time, and the migration of the index.

use super::Answered;
use super::human::{batches, in_words, measured, number, predicted, step, verdict};
use super::in_run::InRun;
use crate::cli::output::{counted, wrapped_sql};
use crate::cli::scan::rows;
use crate::explain::{Advice, Explained, MODEL, Part};

const WIDTH: usize = 100;

pub(super) fn text(answered: &[Answered]) -> String {
    let mut text = String::new();
    for answered in answered {
        let frame = answered
            .frame
            .map_or(String::new(), |frame| format!(", {}", in_words(frame)));
        text += &format!("## `{}`{frame}\n\n", answered.label);
        match &answered.explanation {
            Err(failure) => text += &format!("Cannot be explained: {}: {}\n\n", failure.reason, failure.message),
            Ok(explanation) => {
                for part in &explanation.parts {
                    text += &of_part(part);
                }
            }
        }
        for place in answered.in_run.iter().flatten() {
            text += &in_run(place);
        }
    }
    text + &format!("Predicted: {MODEL}.\n")
}

fn of_part(part: &Part) -> String {
    match part {
        Part::Statement(explained) => of_statement(explained),
        Part::Events { command, keys } => format!("{}{}\n\n", fenced("", command), counted(*keys, "key")),
        Part::Known(says) => format!("{says}\n\n"),
        Part::Failed { statement, failure, .. } => {
            let statement = statement.as_ref().map_or(String::new(), |sql| fenced("sql", sql));
            format!(
                "{statement}Cannot be explained: {}: {}\n\n",
                failure.reason, failure.message
            )
        }
    }
}

fn of_statement(explained: &Explained) -> String {
    let mut text = format!("### Query\n\n{}", fenced("sql", &explained.statement));
    if explained.slowest.sql != explained.statement {
        text += &format!("Slowest batch:\n\n{}", fenced("sql", &explained.slowest.sql));
    }
    text += "### Plan\n\n| step | condition | cost | rows |\n|---|---|---:|---:|\n";
    for node in &explained.slowest.plan {
        let condition = node.condition.iter().chain(&node.filter).cloned().collect::<Vec<_>>();
        text += &format!(
            "| {}{} | {} | {} | {} |\n",
            "&emsp;".repeat(node.depth),
            cell(&step(node)),
            cell(&condition.join("; ")),
            number(node.cost),
            number(node.rows)
        );
    }
    text += &format!("\n### Time\n\n- batches: {}\n", batches(explained));
    if let Some(ends) = &explained.ends {
        text += &format!("- predicted for the ends of the ranges: {}\n", predicted(ends));
    }
    text += &format!("- predicted for the slowest: {}\n", predicted(&explained.slowest));
    match &explained.analysis {
        None => text += "- measured: not run; `--analyze` runs it\n",
        Some(Ok(analysis)) => text += &format!("- measured: {}\n", measured(analysis)),
        Some(Err(failure)) => text += &format!("- measured: failed: {}: {}\n", failure.reason, failure.message),
    }
    text += &format!("- verdict: {}\n\n", verdict(explained));
    text + &index(&explained.advice)
}

fn in_run(place: &InRun) -> String {
    let text = format!("### In a run of all metrics\n\n- {}\n", place.says());
    match place {
        InRun::Scan { scan, .. } => format!(
            "{text}- why: {}\n- rows: {}\n\n{}",
            scan.why,
            rows(scan),
            fenced("sql", &scan.sample)
        ),
        _ => text + "\n",
    }
}

fn index(advice: &Advice) -> String {
    match advice {
        Advice::Covered(name) => format!("### Index\n\nNone is missing: `{name}` serves it.\n\n"),
        Advice::NotNeeded(why) => format!("### Index\n\nNone is missing: {why}.\n\n"),
        Advice::Create(index) => format!(
            "### Index\n\nUp:\n\n{}Down:\n\n{}",
            fenced("sql", &format!("{};", index.up)),
            fenced("sql", &format!("{};", index.down))
        ),
    }
}

fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n\n", wrapped_sql(text, WIDTH))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
