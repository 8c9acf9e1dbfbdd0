//! `new aggregate`: a list of one under aggregated_metrics/.

use clap::{Args, ValueEnum};

use super::prompt::{self, ask, something};
use super::subject::missing;
use super::write::write;
use super::{CommonArgs, Place};
use crate::cli::{CliError, Global};
use crate::definition::{AggregateDraft, AggregateOperator, AggregateSource, TimeFrame};

#[derive(Debug, Args)]
pub(super) struct AggregateArgs {
    /// The aggregate's name: the last part of its key paths [default: it is asked]
    name: Option<String>,
    /// Who did any of it, or all of it [default: or]
    #[arg(long, value_enum, ignore_case = true)]
    operator: Option<OperatorArg>,
    /// Where the sets come from [default: redis]
    #[arg(long, value_enum)]
    source: Option<SourceArg>,
    /// The time to look back over; may be given several times [default: 7d and 28d]
    #[arg(long, value_enum)]
    time_frame: Vec<FrameArg>,
    /// A known event, or what an estimated metric persists; may be given several times [default: it is asked]
    #[arg(long, value_name = "NAME")]
    event: Vec<String>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OperatorArg {
    Or,
    And,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceArg {
    Redis,
    Database,
    Mixed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FrameArg {
    #[value(name = "7d")]
    SevenDays,
    #[value(name = "28d")]
    TwentyEightDays,
    All,
}

pub(super) fn run(global: &Global, mut args: AggregateArgs) -> Result<u8, CliError> {
    let place = Place::of(global, &args.common)?;
    if (args.name.is_none() || args.event.is_empty()) && prompt::is_possible() {
        ask_for(&mut args)?;
    }
    let name = args.name.clone().ok_or_else(|| missing("name the aggregate"))?;
    if args.event.is_empty() {
        return Err(missing("name what is put together: --event NAME, once for each"));
    }
    if let Some(there) = place.catalog.aggregates.iter().find(|aggregate| aggregate.name == name) {
        let message = format!(
            "the aggregate `{name}` is in {}: choose another name",
            there.file.display()
        );
        return Err(CliError::Usage(message));
    }
    let draft = AggregateDraft {
        name: name.clone(),
        description: args.common.description.clone(),
        operator: args.operator.map_or(AggregateOperator::Or, AggregateOperator::from),
        source: args.source.map_or(AggregateSource::Redis, AggregateSource::from),
        time_frames: frames(&args.time_frame),
        events: args.event.clone(),
    };
    let next = [
        "service-ping validate".to_owned(),
        format!("service-ping generate --only '*{name}'"),
    ];
    write(
        global,
        &place,
        &[draft.file(&place.folder("aggregated_metrics"))],
        &next,
    )
}

fn ask_for(args: &mut AggregateArgs) -> Result<(), CliError> {
    if args.name.is_none() {
        args.name = Some(ask("Aggregate", None, something)?);
    }
    if args.event.is_empty() {
        let events = ask("Events, with blanks between them", None, something)?;
        args.event = events.split_whitespace().map(str::to_owned).collect();
    }
    if args.operator.is_none() {
        let answer = ask("Operator: or, and", Some("or"), |answer| {
            OperatorArg::from_str(answer, true).map(drop)
        })?;
        args.operator = OperatorArg::from_str(&answer, true).ok();
    }
    Ok(())
}

fn frames(args: &[FrameArg]) -> Vec<TimeFrame> {
    if args.is_empty() {
        return vec![TimeFrame::SevenDays, TimeFrame::TwentyEightDays];
    }
    let frames = args.iter().map(|frame| match frame {
        FrameArg::SevenDays => TimeFrame::SevenDays,
        FrameArg::TwentyEightDays => TimeFrame::TwentyEightDays,
        FrameArg::All => TimeFrame::All,
    });
    frames.collect()
}

impl From<OperatorArg> for AggregateOperator {
    fn from(operator: OperatorArg) -> AggregateOperator {
        match operator {
            OperatorArg::Or => AggregateOperator::Or,
            OperatorArg::And => AggregateOperator::And,
        }
    }
}

impl From<SourceArg> for AggregateSource {
    fn from(source: SourceArg) -> AggregateSource {
        match source {
            SourceArg::Redis => AggregateSource::Redis,
            SourceArg::Database => AggregateSource::Database,
            SourceArg::Mixed => AggregateSource::Mixed,
        }
    }
}
