//! `new event`: a file under events/.

use clap::{Args, ValueEnum};

use super::prompt::{self, ask, ask_maybe, something};
use super::subject::missing;
use super::write::write;
use super::{CommonArgs, Place};
use crate::cli::{CliError, Global};
use crate::definition::EventDraft;

#[derive(Debug, Args)]
pub(super) struct EventArgs {
    /// The event's name, such as create_issue [default: it is asked]
    name: Option<String>,
    /// Whom it is tracked with; may be given several times [default: nobody]
    #[arg(long, value_enum)]
    identifier: Vec<IdentifierArg>,
    /// A property and what it holds, such as label=the editor; may be given several times [default: none]
    #[arg(long, value_name = "NAME=TEXT")]
    property: Vec<String>,
    /// Who answers for it (product_group) [default: nobody]
    #[arg(long, value_name = "GROUP")]
    owner: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum IdentifierArg {
    User,
    Project,
    Namespace,
}

impl IdentifierArg {
    fn as_str(self) -> &'static str {
        match self {
            IdentifierArg::User => "user",
            IdentifierArg::Project => "project",
            IdentifierArg::Namespace => "namespace",
        }
    }
}

pub(super) fn run(global: &Global, mut args: EventArgs) -> Result<u8, CliError> {
    let place = Place::of(global, &args.common)?;
    if args.name.is_none() && prompt::is_possible() {
        ask_for(&mut args)?;
    }
    let name = args
        .name
        .clone()
        .ok_or_else(|| missing("name the event, such as create_issue"))?;
    if let Some(file) = file_of(&place, &name) {
        let message = format!("the event `{name}` is declared in {file}: choose another name");
        return Err(CliError::Usage(message));
    }
    let properties = args.property.iter().map(|property| {
        let usage = || CliError::Usage(format!("--property {property:?} is not of the form name=text"));
        let (name, holds) = property.split_once('=').ok_or_else(usage)?;
        Ok((name.to_owned(), holds.to_owned()))
    });
    let draft = EventDraft {
        name: name.clone(),
        description: args.common.description.clone(),
        owner: args.owner.clone(),
        milestone: place.milestone.clone(),
        identifiers: args
            .identifier
            .iter()
            .map(|identifier| identifier.as_str().to_owned())
            .collect(),
        properties: properties.collect::<Result<_, CliError>>()?,
    };
    let unique = match args.identifier.first() {
        Some(identifier) => format!(" --unique {}.id", identifier.as_str()),
        None => String::new(),
    };
    let next = [
        format!("service-ping new metric counts_monthly.{name} --dir 28d --event {name}{unique}"),
        format!("service-ping events track {name}"),
    ];
    write(global, &place, &[draft.file(&place.folder("events"))], &next)
}

fn ask_for(args: &mut EventArgs) -> Result<(), CliError> {
    args.name = Some(ask("Event, such as create_issue", None, something)?);
    if args.common.description.is_none() {
        args.common.description = ask_maybe("Description: what happened")?;
    }
    if args.identifier.is_empty() {
        let answer = ask("Tracked with user, project, namespace", Some("user"), |answer| {
            let unknown = answer
                .split_whitespace()
                .find(|name| IdentifierArg::from_str(name, false).is_err());
            match unknown {
                None => Ok(()),
                Some(name) => Err(format!("`{name}` is none of user, project, namespace")),
            }
        })?;
        let names = answer.split_whitespace();
        args.identifier = names
            .filter_map(|name| IdentifierArg::from_str(name, false).ok())
            .collect();
    }
    Ok(())
}

/// Where an event of that name is declared.
fn file_of(place: &Place, name: &str) -> Option<String> {
    let declared = place.catalog.events.iter().find(|event| event.action == name);
    let known = place.catalog.known_events.iter().find(|event| event.name == name);
    let file = declared.map(|event| &event.file).or(known.map(|event| &event.file))?;
    Some(file.display().to_string())
}
