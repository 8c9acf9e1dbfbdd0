//! What is still to be done on a database, for whichever lane is free.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::scan::Scan;
use super::strategy::Sharing;
use crate::measure::{DatabaseMeasure, ServerMeasure, SettingMeasure, SqlValueMeasure};

/// Measures whose rows stand in the same table, to be planned together.
#[derive(Debug, Clone)]
pub(super) struct Family<'a> {
    pub(super) measures: Vec<(usize, &'a DatabaseMeasure)>,
    pub(super) sharing: Sharing,
    /// How often its planning was cut short.
    pub(super) attempts: u32,
    /// The server that knows no such thing, where another one is to be asked.
    pub(super) not_on: Option<usize>,
}

/// A query of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) index: usize,
    pub(super) measure: &'a SqlValueMeasure,
    /// How often its session was lost.
    pub(super) attempts: u32,
}

/// What one statement answers for all measures that ask.
#[derive(Debug, Clone)]
pub(super) enum Question<'a> {
    Settings {
        table: &'a str,
        measures: Vec<(usize, &'a SettingMeasure)>,
    },
    Facts(Vec<(usize, &'a ServerMeasure)>),
}

impl<'a> Question<'a> {
    /// Each measure's number, and the name of what it asks for.
    pub(super) fn asked(&self) -> Box<dyn Iterator<Item = (usize, &'a str)> + Send + '_> {
        match self {
            Question::Settings { measures, .. } => {
                Box::new(measures.iter().map(|(index, measure)| (*index, measure.name.as_str())))
            }
            Question::Facts(measures) => {
                Box::new(measures.iter().map(|(index, measure)| (*index, measure.fact.as_str())))
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) question: Question<'a>,
    /// How often its session was lost.
    pub(super) attempts: u32,
}

/// Something that a lane does with its session.
#[derive(Clone)]
pub(super) enum Task<'a> {
    Plan(Family<'a>),
    Value(Query<'a>),
    Ask(Ask<'a>),
    Read(Arc<Scan<'a>>),
}

/// What a lane is told that asks for a task.
pub(super) enum Next<'a> {
    Task(Task<'a>),
    /// Others work on something that may leave more to do.
    Wait,
    Done,
}

/// The tasks of a run on one database. Tables are planned first; then the dearest scan that nobody reads, then the dearest
/// that somebody reads already.
pub(super) struct Board<'a> {
    tasks: Mutex<Tasks<'a>>,
    changed: watch::Sender<u64>,
}

struct Tasks<'a> {
    open: VecDeque<Task<'a>>,
    /// The dearest first; of equal ones, who came first.
    waiting: VecDeque<Arc<Scan<'a>>>,
    active: Vec<Arc<Scan<'a>>>,
    busy: usize,
}

impl<'a> Board<'a> {
    pub(super) fn new(open: impl IntoIterator<Item = Task<'a>>) -> Board<'a> {
        Board {
            tasks: Mutex::new(Tasks {
                open: open.into_iter().collect(),
                waiting: VecDeque::new(),
                active: Vec::new(),
                busy: 0,
            }),
            changed: watch::Sender::new(0),
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks<'a>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is told of each change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The next task; whoever takes one says when it is [`done`](Board::done) with it.
    pub(super) fn next(&self, server: usize, alone: bool) -> Next<'a> {
        let mut tasks = self.tasks();
        let next = tasks.open_on(server, alone).or_else(|| tasks.dearest(server, alone));
        match next {
            Some(task) => {
                tasks.busy += 1;
                Next::Task(task)
            }
            None if tasks.busy > 0 => Next::Wait,
            None => Next::Done,
        }
    }

    /// A lane is done with its task.
    pub(super) fn done(&self) {
        self.tasks().busy -= 1;
        self.tell();
    }

    /// Something that must be done once more.
    pub(super) fn put_back(&self, task: Task<'a>) {
        if !matches!(task, Task::Read(_)) {
            self.tasks().open.push_front(task);
        }
        self.tell();
    }

    pub(super) fn add_scans(&self, scans: impl IntoIterator<Item = Scan<'a>>) {
        let mut tasks = self.tasks();
        tasks.waiting.extend(scans.into_iter().map(Arc::new));
        let waiting = tasks.waiting.make_contiguous();
        waiting.sort_by(|left, right| right.design.cost.total_cmp(&left.design.cost));
        drop(tasks);
        self.tell();
    }

    /// What nobody is left to do.
    pub(super) fn leftovers(&self) -> Vec<Task<'a>> {
        let mut tasks = self.tasks();
        let mut left: Vec<Task<'a>> = tasks.open.drain(..).collect();
        left.extend(tasks.waiting.drain(..).map(Task::Read));
        left.extend(tasks.active.drain(..).map(Task::Read));
        left
    }

    /// Some scan has more to do than it had.
    pub(super) fn tell(&self) {
        self.changed.send_modify(|changes| *changes = changes.wrapping_add(1));
    }
}

impl<'a> Tasks<'a> {
    fn open_on(&mut self, server: usize, alone: bool) -> Option<Task<'a>> {
        let may_do = |task: &Task<'a>| match task {
            Task::Plan(family) => alone || family.not_on != Some(server),
            _ => true,
        };
        let place = self.open.iter().position(may_do)?;
        self.open.remove(place)
    }

    fn dearest(&mut self, server: usize, alone: bool) -> Option<Task<'a>> {
        self.active.retain(|scan| !scan.is_over());
        if let Some(scan) = self.waiting.pop_front() {
            self.active.push(scan.clone());
            return Some(Task::Read(scan));
        }
        let open = self.active.iter().filter(|scan| !scan.is_drained(server, alone));
        let dearest = open.max_by(|left, right| left.design.cost.total_cmp(&right.design.cost));
        dearest.map(|scan| Task::Read(scan.clone()))
    }
}
