//! `snowplow billing`: usage that is to be billed.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::lines::{Line, read};
use super::setup::{configured, drained, duration, is_permitted, open_spool, open_tracker};
use crate::cli::message::note;
use crate::cli::output::{counted, print};
use crate::cli::setup::terminate_signal;
use crate::cli::{CliError, Global, exit};
use crate::emit::snowplow::{QueuedEvent, TrackError, Tracker};

/// Lines that are made safe together at most: the disk is waited for once for all of them.
const TOGETHER: usize = 1000;
const BUFFER: usize = 256 * 1024;

#[derive(Debug, Args)]
pub(super) struct BillingArgs {
    /// One event, as a JSON object: event_type, realm, unit_of_measure, quantity, and what may be said beside it
    #[arg(value_name = "JSON", required_unless_present = "from", conflicts_with = "from")]
    event: Option<String>,
    /// A file with such an object on each line; - for standard input [default: the one event]
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The category of events that say none [default: their event_type]
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    /// How long sending may go on after the last line, or a signal; what is left waits in the spool
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    deadline: Duration,
}

/// How lines are read and what became of them.
struct Intake {
    tracker: Tracker,
    category: Option<String>,
    instance: Option<Uuid>,
    lines: usize,
    refused: usize,
}

pub(super) async fn run(global: &Global, args: BillingArgs) -> Result<u8, CliError> {
    let (config, snowplow) = configured(global)?;
    if !is_permitted(&config).await? {
        return Ok(exit::REPORTING_OFF);
    }
    let source = source(&args)?;
    let tracker = open_tracker(&snowplow, Arc::new(open_spool(&snowplow).await?))?;
    let intake = Intake {
        tracker: tracker.clone(),
        category: args.category,
        instance: config.instance.uuid,
        lines: 0,
        refused: 0,
    };
    let taken = intake.until_told_to_end(source).await;
    let code = drained(tracker, args.deadline).await?;
    let Some(refused) = taken? else {
        return Ok(exit::INTERRUPTED);
    };
    if refused > 0 {
        note(&format!("{} refused: see above", counted(refused, "line")));
        return Ok(exit::UNEXPECTED);
    }
    Ok(code)
}

type Source = BufReader<Box<dyn Read + Send>>;

fn source(args: &BillingArgs) -> Result<Source, CliError> {
    let reader: Box<dyn Read + Send> = match (&args.event, &args.from) {
        (Some(event), _) => Box::new(std::io::Cursor::new(event.clone().into_bytes())),
        (None, Some(path)) if path.as_os_str() != "-" => {
            Box::new(File::open(path).map_err(|error| CliError::file(path, error))?)
        }
        _ => Box::new(stdin()),
    };
    Ok(BufReader::with_capacity(BUFFER, reader))
}

impl Intake {
    /// Takes all lines, by a thread of its own: a pipe may say nothing for a long time, and a signal ends the wait for it.
    /// How many were refused, unless a signal came before the last.
    async fn until_told_to_end(mut self, mut source: Source) -> Result<Option<usize>, CliError> {
        let told_to_end = terminate_signal();
        let (sender, taken) = oneshot::channel();
        std::thread::spawn(move || {
            let taken = self.take_all(&mut source).map(|()| self.refused);
            // Nobody waits for it after a signal.
            let _ = sender.send(taken);
        });
        tokio::select! {
            taken = taken => match taken {
                Ok(taken) => taken.map(Some),
                Err(_) => Err(CliError::Other("reading the events broke off".to_owned())),
            },
            () = told_to_end => Ok(None),
        }
    }

    fn take_all(&mut self, source: &mut Source) -> Result<(), CliError> {
        let mut waiting = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = source.read_until(b'\n', &mut line);
            if read.map_err(|source| CliError::File {
                path: "the events".to_owned(),
                source,
            })? == 0
            {
                return self.accept(&mut waiting);
            }
            self.lines += 1;
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                match self.event(&text) {
                    Ok(event) => waiting.push(event),
                    Err(why) => {
                        self.refused += 1;
                        note(&format!("line {}: {why}", self.lines));
                    }
                }
            }
            // What has come is made safe before more is waited for.
            if waiting.len() >= TOGETHER || !source.buffer().contains(&b'\n') {
                self.accept(&mut waiting)?;
            }
        }
    }

    fn event(&self, text: &str) -> Result<QueuedEvent, String> {
        let Line {
            required,
            optional,
            stamp,
        } = read(text, self.category.as_deref(), self.instance)?;
        let event = self.tracker.billing_event(&required, &optional, &stamp);
        event.map_err(|error: TrackError| error.to_string())
    }

    /// Accepts events, and says their ids once they are safe.
    fn accept(&self, waiting: &mut Vec<QueuedEvent>) -> Result<(), CliError> {
        if waiting.is_empty() {
            return Ok(());
        }
        let ids: String = waiting.iter().map(|event| format!("{}\n", event.id)).collect();
        self.tracker.accept_all(std::mem::take(waiting))?;
        print(&ids)
    }
}
