//! The lanes of one database: few connections, each taking one task after the other.

mod asking;
mod planning;
mod resuming;
mod seats;
mod watched;

use seats::Opened;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::bitmap::BitmapBudget;
use super::board::{Board, Family, Next, Query, Task};
use super::choice::{self, designs};
use super::journal::{Journal, Unfinished};
use super::keys::KeySets;
use super::member::Limits;
use super::observer::Observer;
use super::prepare::{Tables, prepared};
use super::reading::{Taken, Work};
use super::scan::{Answer, Claim, Ended, Form, Lane, Scan, Settled, Took};
use super::strategy::{Sharing, Strategy};
use super::{row_estimate, value};
use crate::measure::{DatabaseMeasure, Failure, Reading, Reason};
use crate::sketch::HyperLogLog;
use crate::source::database::{Database, DatabaseError, Interrupt, Session, StatementLog};

/// So often a session may end under a scan, or its planning, that asks for no more than its table's ends.
const STRIKES: u32 = 2;

/// What the lanes of a database share.
pub(super) struct Lanes<'a> {
    board: Board<'a>,
    database: &'a Database,
    interrupt: &'a Interrupt,
    log: &'a StatementLog,
    strategy: Strategy,
    lanes: usize,
    /// Lanes that are open, or may yet open, on each server.
    alive: Vec<AtomicUsize>,
    /// Servers that do not hold what the others hold.
    diverged: AtomicU64,
    limits: Limits,
    told: &'a (dyn Fn(usize, &Taken) + Sync),
    journal: &'a dyn Journal,
    observer: &'a dyn Observer,
    /// Scans that another process has begun.
    unfinished: Mutex<Vec<Unfinished>>,
    taken: Mutex<Vec<(usize, Taken)>>,
    statements: AtomicU64,
    /// Holds the helpers back until the server has answered once.
    gate: Semaphore,
    is_open: AtomicBool,
    /// The server that answered first.
    led_on: AtomicUsize,
}

/// Reads everything; the readings in no order, and how many statements they took.
pub(super) async fn run<'a>(
    work: Work<'a>,
    database: &'a Database,
    interrupt: &'a Interrupt,
    log: &'a StatementLog,
    told: &'a (dyn Fn(usize, &Taken) + Sync),
    journal: &'a dyn Journal,
    observer: &'a dyn Observer,
) -> (Vec<(usize, Taken)>, u64) {
    let strategy = work.strategy;
    let servers = match strategy.sharing {
        Sharing::Never => 1,
        _ => database.servers(),
    };
    let connections = match strategy.sharing {
        Sharing::Never => 1,
        _ => database.options().connections.max(1),
    };
    let lanes = Lanes {
        board: Board::new(work.tasks()),
        database,
        interrupt,
        log,
        strategy,
        lanes: servers * connections,
        alive: (0..servers).map(|_| AtomicUsize::new(0)).collect(),
        diverged: AtomicU64::new(0),
        limits: Limits {
            bitmaps: BitmapBudget::default(),
            keys: KeySets::default(),
            max_groups: database.options().max_groups,
        },
        told,
        journal,
        observer,
        unfinished: Mutex::new(journal.unfinished(database.name())),
        taken: Mutex::default(),
        statements: AtomicU64::new(0),
        gate: Semaphore::new(0),
        is_open: AtomicBool::new(false),
        led_on: AtomicUsize::new(0),
    };
    // The first lanes of the servers come before their second ones.
    let all = (0..connections).flat_map(|lane| (0..servers).map(move |server| (server, lane)));
    join_all(all.map(|(server, lane)| lanes.run(server, lane))).await;
    lanes.give_up_leftovers().await;
    journal.commit().await;
    let taken = lanes.taken.into_inner().unwrap_or_else(PoisonError::into_inner);
    (taken, lanes.statements.into_inner())
}

impl<'a> Lanes<'a> {
    /// One lane, for as long as there is something to do and its server has a connection for it: a role that may connect
    /// only so often, or a server that dies, costs time and no metric. The lead begins; whichever lane is the last one
    /// waits for a server that is away, and answers for what cannot be read.
    async fn run(&self, server: usize, lane: usize) {
        let leads = server == 0 && lane == 0;
        // The lead may have come to its end before we got to run: what it left is ours, if it ever had a session.
        if !leads && self.gate.acquire().await.is_err() && !self.is_open.load(Ordering::Relaxed) {
            return;
        }
        // The lead took a seat on another server, where its own was away.
        if !leads && lane == 0 && server == self.led_on.load(Ordering::Relaxed) {
            return self.leave(server);
        }
        if leads {
            self.enter(server);
        }
        let session = self.work_through(server).await;
        if leads {
            self.gate.close();
        }
        if let Some(session) = session {
            session.close().await;
        }
    }

    async fn work_through(&self, mut server: usize) -> Option<Session> {
        let mut session = None;
        loop {
            let mut changes = self.board.changes();
            let task = match self.board.next(server, self.is_alone(server)) {
                Next::Done => break,
                Next::Wait => {
                    drop(changes.changed().await);
                    continue;
                }
                Next::Task(task) => task,
            };
            match self.session(session.take(), server).await {
                Opened::Session(mut open) => {
                    if open.server() != server {
                        self.enter(open.server());
                        self.leave(server);
                        server = open.server();
                    }
                    let before = open.statements();
                    let usable = self.attempt(&mut open, task).await;
                    self.statements.fetch_add(open.statements() - before, Ordering::Relaxed);
                    self.journal.commit().await;
                    session = usable.then_some(open);
                }
                Opened::Left => {
                    self.board.put_back(task);
                    self.board.done();
                    return None;
                }
                Opened::Failed(failure) => self.give_up(task, &failure).await,
            }
            self.board.done();
        }
        self.leave(server);
        session
    }

    fn lane(&self, session: &Session) -> Lane {
        Lane {
            lanes: self.lanes,
            server: session.server(),
            alone: self.is_alone(session.server()),
            dialect: session.dialect(),
        }
    }

    async fn give_up_leftovers(&self) {
        for task in self.board.leftovers() {
            self.give_up(task, &not_run()).await;
        }
    }

    /// Does what the task says, whatever panics in it; false where the session can be used no more.
    async fn attempt(&self, session: &mut Session, task: Task<'a>) -> bool {
        let attempt = AssertUnwindSafe(self.work(session, task.clone())).catch_unwind().await;
        match (attempt, task) {
            (Ok(usable), _) => return usable,
            (Err(panic), Task::Plan(family)) => self.bisect(family, Failure::of_panic(panic.as_ref())),
            (Err(panic), task) => self.give_up(task, &Failure::of_panic(panic.as_ref())).await,
        }
        false
    }

    async fn work(&self, session: &mut Session, task: Task<'a>) -> bool {
        match task {
            Task::Plan(family) => self.plan(session, family).await,
            Task::Ask(ask) => self.ask(session, ask).await,
            Task::Value(query) => {
                let Query {
                    index,
                    measure,
                    attempts,
                } = query;
                let begun = Instant::now();
                let before = session.statements();
                let passed = self.database.pass(session).await.map_err(Failure::from);
                let result = match passed {
                    Ok(()) => value::read(session, measure).await,
                    Err(failure) => Err(failure),
                };
                let usable = !result.as_ref().is_err_and(|failure| ends_session(failure.reason));
                if !usable && attempts == 0 && !self.is_alone(session.server()) && !self.interrupt.is_raised() {
                    let again = Query { attempts: 1, ..query };
                    self.board.put_back(Task::Value(again));
                    return false;
                }
                let taken = Taken {
                    result,
                    elapsed: begun.elapsed(),
                    statements: session.statements() - before,
                    retries: 0,
                };
                self.tell_of_value(index, begun, &taken);
                self.take(index, taken);
                usable
            }
            Task::Read(scan) => self.read(session, &scan).await,
        }
    }

    /// Reads ranges of a scan until there is none to claim.
    async fn read(&self, session: &mut Session, scan: &Scan<'a>) -> bool {
        loop {
            if self.interrupt.is_raised() {
                self.end(scan.interrupt().await);
                return true;
            }
            if let Err(error) = self.database.pass(session).await {
                return self.held_back(scan, error).await;
            }
            match scan.claim(session, self.database, self.lane(session)).await {
                Ok(Some(claim)) => {
                    if !self.count(session, scan, claim).await {
                        return false;
                    }
                }
                Ok(None) => {
                    self.settle(scan.finish().await);
                    return true;
                }
                Err(failure) => {
                    let ended = ends_session(failure.reason);
                    if !ended || scan.strike() >= STRIKES + self.others() {
                        self.end(scan.abandon(&failure).await);
                    }
                    return !ended;
                }
            }
        }
    }

    /// The server could not be looked at before a range was claimed: another lane may read on.
    async fn held_back(&self, scan: &Scan<'a>, error: DatabaseError) -> bool {
        match error {
            DatabaseError::Interrupted => self.end(scan.interrupt().await),
            error if scan.strike() >= STRIKES + self.others() => self.end(scan.abandon(&error.into()).await),
            _ => {}
        }
        false
    }

    /// Reads one range; false where the session can be used no more.
    async fn count(&self, session: &mut Session, scan: &Scan<'a>, claim: Claim) -> bool {
        let watched = self.watch(session, &claim);
        let begun = Instant::now();
        let attempt = AssertUnwindSafe(answer(session, &claim)).catch_unwind().await;
        let panicked = attempt.is_err();
        let answer = attempt.unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
        let usable = !panicked && !answer.as_ref().is_err_and(DatabaseError::ends_session);
        let lane = self.lane(session);
        let elapsed = begun.elapsed();
        self.tell_of_range(scan, watched, &answer);
        let settled = scan.settle(claim, answer, elapsed, lane, self.journal).await;
        self.settle(settled);
        self.journal.commit().await;
        usable
    }

    fn settle(&self, settled: Settled<'a>) {
        self.end(settled.ended);
        if let Some(scan) = &settled.over {
            self.journal.over(scan);
        }
        if let Some(server) = settled.diverged {
            self.leave_out(server);
        }
        if !settled.outgrown.is_empty() {
            let measures = settled.outgrown.iter().map(|member| (member.index, member.measure));
            self.board.put_back(Task::Plan(Family {
                measures: measures.collect(),
                sharing: Sharing::Never,
                attempts: 0,
                not_on: None,
            }));
        }
        self.board.tell();
    }

    fn end(&self, ended: Vec<Ended>) {
        for Ended { index, result, took } in ended {
            self.take(index, Taken::with(took, result));
        }
    }

    fn take(&self, index: usize, taken: Taken) {
        (self.told)(index, &taken);
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((index, taken));
    }

    /// No session can be had for the task.
    async fn give_up(&self, task: Task<'a>, failure: &Failure) {
        match task {
            Task::Plan(family) => {
                for (index, _) in family.measures {
                    self.take(index, Taken::of(failure.clone()));
                }
            }
            Task::Value(query) => self.take(query.index, Taken::of(failure.clone())),
            Task::Ask(ask) => {
                for (index, _) in ask.question.asked() {
                    self.take(index, Taken::of(failure.clone()));
                }
            }
            Task::Read(scan) if self.interrupt.is_raised() => self.end(scan.interrupt().await),
            Task::Read(scan) => self.end(scan.abandon(failure).await),
        }
    }
}

/// Sends a claim's statement.
pub(super) async fn answer(session: &mut Session, claim: &Claim) -> Result<Answer, DatabaseError> {
    match claim.form {
        Form::Rows { packed } => session.cells(&claim.sql, packed, &claim.keys).await.map(Answer::Rows),
        Form::Planned => {
            let planned = session.cells(&claim.sql, false, &claim.keys).await;
            planned.map(|_| Answer::Nothing)
        }
        Form::Values => {
            let mut sketch = HyperLogLog::default();
            let add = &mut |value: &[u8]| {
                sketch.add(value);
            };
            session.values(&claim.sql, add).await?;
            Ok(Answer::Values(Box::new(sketch)))
        }
    }
}

/// As an answer of the database's, so that it costs the member alone that it came of.
fn of_panic(panic: &(dyn Any + Send)) -> DatabaseError {
    let Failure { reason, message, .. } = Failure::of_panic(panic);
    DatabaseError::Refused { reason, message }
}

fn not_run() -> Failure {
    Failure::new(Reason::NotRun, "the run was interrupted before this metric")
}

pub(super) fn ends_session(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ConnectionLost | Reason::ConnectionTerminated | Reason::Cancelled | Reason::SourceUnavailable
    )
}

impl Taken {
    /// A failure that took nothing to find out.
    fn of(failure: Failure) -> Taken {
        Taken::after(Took::default(), failure)
    }

    fn after(took: Took, failure: Failure) -> Taken {
        Taken::with(took, Err(failure))
    }

    fn with(took: Took, result: Result<Reading, Failure>) -> Taken {
        Taken {
            result,
            elapsed: took.elapsed,
            statements: took.statements,
            retries: took.retries,
        }
    }
}
