//! A scheduler that lives through years in no time: a true time that only goes on, a clock that may be set, a process
//! that may be down, jobs that may fail.

use chrono::{DateTime, TimeDelta, Utc};
use service_ping::schedule::{Decision, Record, Schedule};

/// What befalls a scheduler.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// It is left alone for so many minutes.
    Pass(i64),
    /// Its process is away for so many minutes.
    Down(i64),
    /// The clock is set by so many minutes, forwards or back.
    Set(i64),
    /// So many of the jobs that follow fail.
    Fail(u32),
}

/// A job that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    pub slot: DateTime<Utc>,
    /// What the clock said.
    pub clock: DateTime<Utc>,
    /// Minutes that had truly passed since the beginning.
    pub truly: i64,
    pub well: bool,
}

pub struct Simulation {
    schedule: Schedule,
    clock: DateTime<Utc>,
    truly: i64,
    record: Record,
    failing: u32,
    pub ran: Vec<Ran>,
    /// From when to when its process lived, by its clock.
    pub lived: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Simulation {
    pub fn new(schedule: Schedule, clock: DateTime<Utc>) -> Simulation {
        Simulation {
            record: schedule.begin(clock),
            schedule,
            clock,
            truly: 0,
            failing: 0,
            ran: Vec::new(),
            lived: Vec::new(),
        }
    }

    /// No job fails any more.
    pub fn heal(&mut self) {
        self.failing = 0;
    }

    pub fn clock(&self) -> DateTime<Utc> {
        self.clock
    }

    pub fn live(&mut self, events: &[Event]) {
        for event in events {
            match *event {
                Event::Pass(minutes) => self.pass(minutes),
                Event::Down(minutes) => self.advance(TimeDelta::minutes(minutes)),
                Event::Set(minutes) => self.clock += TimeDelta::minutes(minutes),
                Event::Fail(jobs) => self.failing += jobs,
            }
        }
    }

    /// As `serve` does, but sleeping as long as it is told to: waking early must not be what saves it.
    fn pass(&mut self, minutes: i64) {
        let begun = self.clock;
        let end = begun + TimeDelta::minutes(minutes);
        // A job may go on past the end.
        while self.clock < end {
            self.record = self.schedule.settled(&self.record, self.clock);
            match self.schedule.decide(&self.record, self.clock) {
                Decision::Run(slot) => self.run(slot),
                Decision::Wait(until) => self.wait(until, end),
            }
        }
        self.lived.push((begun, self.clock));
    }

    fn wait(&mut self, until: DateTime<Utc>, end: DateTime<Utc>) {
        assert!(until > self.clock, "a wait that is over: {until} at {}", self.clock);
        if until > end {
            return self.advance(end - self.clock);
        }
        self.advance(until - self.clock);
        let due = self.schedule.decide(&self.record, self.clock);
        assert!(
            matches!(due, Decision::Run(_)),
            "waited for nothing: {due:?} at {}",
            self.clock
        );
    }

    fn run(&mut self, slot: DateTime<Utc>) {
        let well = self.failing == 0;
        self.failing = self.failing.saturating_sub(1);
        self.ran.push(Ran {
            slot,
            clock: self.clock,
            truly: self.truly,
            well,
        });
        self.record = match well {
            true => self.schedule.done(slot),
            false => self.schedule.failed(&self.record, slot, self.clock),
        };
        // A job takes a while.
        self.advance(TimeDelta::minutes(3));
    }

    fn advance(&mut self, by: TimeDelta) {
        self.clock += by;
        self.truly += by.num_minutes();
    }
}
