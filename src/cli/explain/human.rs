//! An explanation for a person at a terminal of 80 columns.

use super::Answered;
use crate::cli::output::{counted, seconds, wrapped, wrapped_sql};
use crate::definition::TimeFrame;
use crate::explain::{
    Advice, Analysis, BATCH_BUDGET, COLD_BUDGET, Examined, Explained, MODEL, Part, PlanNode, Prediction, Verdict,
};
use crate::measure::Failure;

/// Columns that statements and sentences keep to.
const WIDTH: usize = 80;
/// The longest name of a step before its numbers; longer ones push them to the right.
const STEP: usize = 52;

pub(super) fn text(answered: &[Answered]) -> String {
    let mut text = String::new();
    for answered in answered {
        text += &one(answered);
        text.push('\n');
    }
    let explanations = answered
        .iter()
        .filter_map(|answered| answered.explanation.as_ref().ok());
    let parts: Vec<&Part> = explanations.flat_map(|explanation| &explanation.parts).collect();
    let fails = answered.iter().any(|answered| answered.explanation.is_err())
        || parts.iter().any(|part| matches!(part, Part::Failed { .. }));
    let statements: Vec<&Explained> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Statement(explained) => Some(explained.as_ref()),
            _ => None,
        })
        .collect();
    if !statements.is_empty() {
        text += &paragraph(&format!("predicted: {MODEL}"), "");
    }
    if fails {
        text += "next: correct what cannot be explained, then explain again\n";
    } else if !statements.is_empty() {
        text += &next(&statements);
    }
    text
}

/// What to do about it.
fn next(statements: &[&Explained]) -> String {
    let (mut lacking, mut over, mut analysed) = (0, 0, true);
    for explained in statements {
        lacking += usize::from(matches!(explained.advice, Advice::Create(_)));
        over += usize::from(explained.verdict() == Verdict::Over);
        analysed &= explained.analysis.is_some();
    }
    let next = match (lacking, over, analysed) {
        (1.., ..) => format!(
            "next: add {} in a migration, then explain again",
            counted(lacking, "index")
        ),
        (0, 1.., _) => "next: narrow the relation, or make batch_size smaller, then explain again".to_owned(),
        (0, 0, false) => "next: --analyze runs one batch, --format markdown writes it for a merge request".to_owned(),
        (0, 0, true) => "next: --format markdown writes this for a merge request".to_owned(),
    };
    paragraph(&next, "")
}

fn one(answered: &Answered) -> String {
    let frame = answered
        .frame
        .map_or(String::new(), |frame| format!("  {}", in_words(frame)));
    let mut text = format!("{}{frame}\n", answered.label);
    match &answered.explanation {
        Err(failure) => text += &failed(failure),
        Ok(explanation) => {
            for part in &explanation.parts {
                text += &of_part(part);
            }
        }
    }
    for place in answered.in_run.iter().flatten() {
        text += &place.text();
    }
    text
}

pub(super) fn in_words(frame: TimeFrame) -> &'static str {
    match frame {
        TimeFrame::SevenDays => "7 days",
        TimeFrame::TwentyEightDays => "28 days",
        TimeFrame::All => "all time",
        TimeFrame::None => "no time frame",
    }
}

fn of_part(part: &Part) -> String {
    match part {
        Part::Statement(explained) => of_statement(explained),
        Part::Events { command, keys } => {
            let shown: String = command.chars().take(WIDTH).collect();
            let more = if shown.len() < command.len() { "…" } else { "" };
            format!(
                "{}  {} of the event store\n",
                paragraph(&format!("{shown}{more}"), "  "),
                counted(*keys, "key")
            )
        }
        Part::Known(says) => paragraph(says, "  "),
        Part::Failed { statement, failure, .. } => {
            let statement = statement.as_ref().map_or(String::new(), |sql| query(sql, "  "));
            statement + &failed(failure)
        }
    }
}

fn failed(failure: &Failure) -> String {
    paragraph(
        &format!("cannot be explained: {}: {}", failure.reason, failure.message),
        "  ",
    ) + &paragraph(failure.reason.advice(), "  ")
}

fn of_statement(explained: &Explained) -> String {
    let mut text = query(&explained.statement, "  ");
    text += &line("database", &explained.database);
    text += &line("batches", &batches(explained));
    if let Some(ends) = &explained.ends {
        text += &line("ends", &format!("{} to look for them", predicted(ends)));
    }
    if explained.slowest.sql != explained.statement {
        text += &line("slowest", "");
        text += &query(&explained.slowest.sql, "    ");
    }
    text += &plan(&explained.slowest.plan);
    text += &line("predicted", &predicted(&explained.slowest));
    match &explained.analysis {
        None => {}
        Some(Ok(analysis)) => text += &line("measured", &measured(analysis)),
        Some(Err(failure)) => text += &line("measured", &format!("failed: {}: {}", failure.reason, failure.message)),
    }
    let uses = explained.uses();
    text += &line(
        "uses",
        &if uses.is_empty() {
            "no index".to_owned()
        } else {
            uses.join(", ")
        },
    );
    text += &lacks(&explained.advice);
    text + &line("verdict", &verdict(explained))
}

pub(super) fn batches(explained: &Explained) -> String {
    let number = match explained.batches {
        Some(0 | 1) if explained.slowest.sql == explained.statement => {
            return "1 statement, which nothing splits".to_owned();
        }
        Some(number) => counted(usize::try_from(number).unwrap_or(usize::MAX), "batch"),
        None => {
            let took = explained.ends.as_ref().map(|ends| seconds(ends.prediction.cold));
            return format!(
                "unknown: to look for the ends would take {} cold; all rows are shown as one",
                took.unwrap_or_default()
            );
        }
    };
    match &explained.whole {
        Some(whole) => format!("{number}, at most {} in all, cold", seconds(whole.cold)),
        None => number,
    }
}

pub(super) fn predicted(examined: &Examined) -> String {
    let Prediction { cold, warm } = examined.prediction;
    format!("{} cold, {} warm", seconds(cold), seconds(warm))
}

pub(super) fn measured(analysis: &Analysis) -> String {
    let pages = analysis.pages.map_or(String::new(), |(found, read)| {
        format!(", {found} pages in memory and {read} read")
    });
    format!("{}{pages}", seconds(analysis.elapsed))
}

pub(super) fn verdict(explained: &Explained) -> String {
    let budget = format!("{} cold and {} a batch", seconds(COLD_BUDGET), seconds(BATCH_BUDGET));
    match explained.verdict() {
        Verdict::Within => format!("within {budget}"),
        Verdict::Over => format!("OVER {budget}"),
    }
}

fn lacks(advice: &Advice) -> String {
    match advice {
        Advice::Covered(name) => line("lacks", &format!("no index: {name} serves it")),
        Advice::NotNeeded(why) => line("lacks", &format!("no index: {why}")),
        Advice::Create(index) => line("lacks", "") + &query(&index.up, "    "),
    }
}

pub(super) fn line(name: &str, says: &str) -> String {
    if says.is_empty() {
        return format!("  {name}\n");
    }
    let text = wrapped(says, WIDTH - 13);
    let lines: Vec<&str> = text.lines().collect();
    format!("  {name:<11}{}\n", lines.join("\n             "))
}

fn plan(nodes: &[PlanNode]) -> String {
    let mut text = format!("  {:<STEP$}{:>12}{:>12}\n", "plan", "cost", "rows");
    for node in nodes {
        let step = format!("    {}{}", "  ".repeat(node.depth), step(node));
        let step: String = step.chars().take(STEP).collect();
        text += &format!(
            "{step:<width$}{:>12}{:>12}\n",
            number(node.cost),
            number(node.rows),
            width = STEP + 2
        );
    }
    text
}

pub(super) fn step(node: &PlanNode) -> String {
    let table = node
        .table
        .as_ref()
        .map_or(String::new(), |table| format!(" on {table}"));
    let index = node
        .index
        .as_ref()
        .map_or(String::new(), |index| format!(" by {index}"));
    format!("{}{table}{index}", node.kind)
}

pub(super) fn number(number: Option<f64>) -> String {
    number.map_or("?".to_owned(), |number| format!("{number:.0}"))
}

fn paragraph(text: &str, indent: &str) -> String {
    indented(&wrapped(text, WIDTH - indent.len()), indent)
}

fn query(sql: &str, indent: &str) -> String {
    indented(&wrapped_sql(sql, WIDTH - indent.len()), indent)
}

fn indented(text: &str, indent: &str) -> String {
    text.lines().map(|line| format!("{indent}{line}\n")).collect()
}
