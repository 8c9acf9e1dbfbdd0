//! `man`: the manual pages, made of what `--help` says.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::{Cli, CliError, exit, output};

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write a page for each verb into this folder [default: the program's own page, to stdout]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: ManArgs) -> Result<u8, CliError> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    match args.output {
        None => output::print(&page(&program)?)?,
        Some(folder) => {
            std::fs::create_dir_all(&folder).map_err(|error| CliError::file(&folder, error))?;
            for command in all(&program) {
                let file = folder.join(format!("{}.1", name(command)));
                std::fs::write(&file, page(command)?).map_err(|error| CliError::file(&file, error))?;
            }
        }
    }
    Ok(exit::DONE)
}

/// The program and every verb, also those within verbs.
fn all(program: &Command) -> Vec<&Command> {
    let verbs = program.get_subcommands().filter(|verb| !verb.is_hide_set());
    std::iter::once(program).chain(verbs.flat_map(all)).collect()
}

/// Such as `service-ping-dump-sql`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

/// What clap_mangen begins each section with: an apostrophe that stays one.
const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

fn page(command: &Command) -> Result<String, CliError> {
    let unwritable = |error| CliError::Other(format!("the manual cannot be written: {error}"));
    let mut sections = Vec::new();
    // The exit codes have a section of their own.
    let man = Man::new(command.clone().after_help(""));
    man.render_name_section(&mut sections).map_err(unwritable)?;
    man.render_synopsis_section(&mut sections).map_err(unwritable)?;
    man.render_description_section(&mut sections).map_err(unwritable)?;
    man.render_options_section(&mut sections).map_err(unwritable)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut sections).map_err(unwritable)?;
    }
    let sections = String::from_utf8_lossy(&sections).replace(APOSTROPHE, "");
    // An empty line between two breaks is a space, and typesetters complain of the breaks.
    let sections = sections.replace(".br\n\n.br\n", ".sp\n");
    let page = [
        APOSTROPHE,
        &title(command),
        &sections,
        &exit_status(),
        &see_also(command),
    ];
    Ok(in_ascii(&page.concat()))
}

/// Without a date: the same version has the same page.
fn title(command: &Command) -> String {
    let title = name(command).to_uppercase().replace('-', "\\-");
    let version = env!("CARGO_PKG_VERSION");
    format!(".TH \"{title}\" 1 \"\" \"service\\-ping {version}\" \"Service Ping\"\n")
}

fn exit_status() -> String {
    let codes = exit::MEANINGS.map(|(code, says)| format!(".TP\n{code}\n{says}\n"));
    format!(".SH \"EXIT STATUS\"\n{}", codes.concat())
}

/// The page above this one; the program's own says where the rest is written.
fn see_also(command: &Command) -> String {
    let above = name(command).strip_suffix(command.get_name());
    match above
        .map(|above| above.trim_end_matches('-'))
        .filter(|above| !above.is_empty())
    {
        Some(above) => format!(".SH \"SEE ALSO\"\n\\fB{}\\fR(1)\n", above.replace('-', "\\-")),
        None => {
            ".SH FILES\n.TP\n\\fIservice\\-ping.toml\\fR\nThe configuration; \\fBservice\\-ping init\\fR writes one \
                 that names every key.\n"
                .to_owned()
        }
    }
}

/// As roff spells characters beyond ASCII, whatever encoding its reader takes for granted.
fn in_ascii(page: &str) -> String {
    let spelled = page.chars().map(|character| match character.is_ascii() {
        true => character.to_string(),
        false => format!("\\[u{:04X}]", u32::from(character)),
    });
    spelled.collect()
}
