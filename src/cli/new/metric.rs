//! `new metric`: the generators of spec 15.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};

use super::prompt::{self, ask, ask_maybe, something};
use super::subject::{Kind, SubjectArgs, missing};
use super::write::write;
use super::{CommonArgs, Place};
use crate::cli::message::note;
use crate::cli::output::print;
use crate::cli::{CliError, Global, exit};
use crate::definition::{ClassDraft, DatabaseBody, Draft, KeyPath, MetricDraft, Section};

#[derive(Debug, Args)]
pub(super) struct MetricArgs {
    /// Where the values stand, such as counts.issues [default: a name is suggested from the query]
    key_path: Vec<String>,
    /// The folder, which says time frame and value type; 7d, 28d and all are short for counts_… [default: it is asked]
    #[arg(long, value_enum, value_name = "FOLDER")]
    dir: Option<Dir>,
    /// Makes a 7d and a 28d metric of each --event: redis_hll_counters.CATEGORY.EVENT_weekly and _monthly [default: none]
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    #[command(flatten)]
    subject: SubjectArgs,
    /// Who answers for it (product_group) [default: nobody]
    #[arg(long, value_name = "GROUP")]
    owner: Option<String>,
    /// The release that it comes with, such as 13.10 [default: that of instance.version]
    #[arg(long, value_name = "MAJOR.MINOR")]
    milestone: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Dir {
    #[value(name = "counts_7d", alias = "7d")]
    Weekly,
    #[value(name = "counts_28d", alias = "28d")]
    Monthly,
    #[value(name = "counts_all", alias = "all")]
    WholeLife,
    Settings,
    License,
}

impl From<Dir> for Section {
    fn from(dir: Dir) -> Section {
        match dir {
            Dir::Weekly => Section::Weekly,
            Dir::Monthly => Section::Monthly,
            Dir::WholeLife => Section::WholeLife,
            Dir::Settings => Section::Settings,
            Dir::License => Section::License,
        }
    }
}

/// A metric to be made: its place, and its folder.
type Wanted = (KeyPath, Section, SubjectArgs);

pub(super) fn run(global: &Global, mut args: MetricArgs) -> Result<u8, CliError> {
    let body = args.subject.body()?;
    if args.key_path.is_empty() && args.category.is_none() && !prompt::is_possible() {
        return suggest(body.as_ref());
    }
    let place = Place::of(global, &args.common)?;
    let wanted = match args.category.clone() {
        Some(category) => pairs(&args.subject, &category)?,
        None => asked(&mut args)?,
    };
    let taken = wanted
        .iter()
        .find_map(|(key_path, ..)| place.catalog.metric(key_path.as_str()));
    if let Some(metric) = taken {
        let message = format!("`{}` is defined in {}", metric.key_path, metric.file.display());
        return Err(CliError::Usage(message + ": choose another key path"));
    }
    let drafts = drafts(&args, &place, &wanted, global.now())?;
    let first = wanted
        .first()
        .map(|(key_path, ..)| key_path.as_str())
        .unwrap_or_default();
    let next = [
        "edit the description: say what is measured, for whom".to_owned(),
        "service-ping validate".to_owned(),
        format!("service-ping metric {first}"),
    ];
    write(global, &place, &drafts, &next)
}

/// The name that a query suggests; nothing is written without a key path.
fn suggest(body: Option<&DatabaseBody>) -> Result<u8, CliError> {
    let Some(name) = body.and_then(DatabaseBody::suggested_name) else {
        return Err(missing(
            "name at least one key path, such as counts.issues; with --relation a name is suggested",
        ));
    };
    print(&format!("{name}\n"))?;
    let prompts = if name.contains('<') {
        ", with words for what stands in <>"
    } else {
        ""
    };
    note(&format!(
        "a name from the query; nothing was written\nnext:\n  service-ping new metric counts.NAME --dir all …  # NAME as above{prompts}"
    ));
    Ok(exit::DONE)
}

/// Of each event a weekly and a monthly metric.
fn pairs(subject: &SubjectArgs, category: &str) -> Result<Vec<Wanted>, CliError> {
    if subject.event.is_empty() {
        return Err(missing("--category makes metrics of events: name them with --event"));
    }
    let sections = [(Section::Weekly, "weekly"), (Section::Monthly, "monthly")];
    let mut wanted = Vec::new();
    for event in &subject.event {
        for (section, ending) in sections {
            let path = key_path(&format!("redis_hll_counters.{category}.{event}_{ending}"))?;
            let mut of_event = subject.clone();
            of_event.kind = Some(Kind::RedisHll);
            of_event.event = vec![event.clone()];
            wanted.push((path, section, of_event));
        }
    }
    Ok(wanted)
}

/// What the options say; what they do not is asked, if somebody is there.
fn asked(args: &mut MetricArgs) -> Result<Vec<Wanted>, CliError> {
    let section = args.dir.map(Section::from);
    let is_complete = section.is_some() && args.subject.kind(section).is_some() && !args.key_path.is_empty();
    if !is_complete && prompt::is_possible() {
        ask_for(args)?;
    }
    let Some(dir) = args.dir else {
        return Err(missing(&format!("--dir is missing: it is one of {}", names::<Dir>())));
    };
    let wanted = args.key_path.iter().map(|text| {
        let path = key_path(text)?;
        Ok((path, Section::from(dir), args.subject.clone()))
    });
    wanted.collect()
}

fn ask_for(args: &mut MetricArgs) -> Result<(), CliError> {
    if args.dir.is_none() {
        let answer = ask("Folder", Some("counts_all"), one_of::<Dir>)?;
        args.dir = Dir::from_str(&answer, false).ok();
    }
    let section = args.dir.map(Section::from).unwrap_or(Section::WholeLife);
    let kind = match args.subject.kind(Some(section)) {
        Some(kind) => kind,
        None => {
            let answer = ask("Type", Some("database"), one_of::<Kind>)?;
            Kind::from_str(&answer, false).unwrap_or(Kind::Database)
        }
    };
    args.subject.complete(kind)?;
    if args.key_path.is_empty() {
        let name = args.subject.body()?.and_then(|body| body.suggested_name());
        let name = name.or_else(|| args.subject.event.first().cloned());
        if let Some(name) = name.as_deref().filter(|name| name.contains('<')) {
            note(&format!("  the query suggests {name}"));
        }
        let plain = name.filter(|name| !name.contains('<'));
        let default = plain.map(|name| format!("{}.{name}", section.top_key()));
        let answer = ask("Key path", default.as_deref(), |answer| {
            something(answer)?;
            key_path(answer).map(drop).map_err(|error| error.to_string())
        })?;
        args.key_path = vec![answer];
    }
    if args.common.description.is_none() {
        args.common.description = ask_maybe("Description, if not made of what is counted")?;
    }
    if args.owner.is_none() {
        args.owner = ask_maybe("Owner (product_group), if any")?;
    }
    Ok(())
}

fn drafts(args: &MetricArgs, place: &Place, wanted: &[Wanted], now: DateTime<Utc>) -> Result<Vec<Draft>, CliError> {
    let folder = place.folder("metrics");
    let mut drafts: Vec<Draft> = Vec::new();
    let mut class: Option<ClassDraft> = None;
    for (index, (key_path, section, subject)) in (0_i64..).zip(wanted) {
        let Some(kind) = subject.kind(Some(*section)) else {
            return Err(missing(&format!("--type is missing: it is one of {}", names::<Kind>())));
        };
        let last = key_path.parts().last().unwrap_or_default();
        let (subject, declared) = subject.subject(place, kind, last)?;
        class = class.or(declared);
        let metric = MetricDraft {
            key_path: key_path.clone(),
            description: args.common.description.clone(),
            owner: args.owner.clone(),
            milestone: args.milestone.clone().or_else(|| place.milestone.clone()),
            section: *section,
            subject,
        };
        // File names are told apart by their instants: two key paths may end alike.
        drafts.push(metric.file(&folder, now + TimeDelta::seconds(index)));
    }
    drafts.extend(class.map(|class| class.file(&folder)));
    Ok(drafts)
}

fn key_path(text: &str) -> Result<KeyPath, CliError> {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.".contains(letter);
    let path = KeyPath::new(text).filter(|_| text.chars().all(is_plain));
    path.ok_or_else(|| {
        let form = "key paths are lower-case letters, digits and underscores, with dots between their parts";
        CliError::Usage(format!("`{text}` is no key path: {form}"))
    })
}

fn one_of<T: ValueEnum>(answer: &str) -> Result<(), String> {
    match T::from_str(answer, false) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("it is one of {}", names::<T>())),
    }
}

fn names<T: ValueEnum>() -> String {
    let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
    names.join(", ")
}
