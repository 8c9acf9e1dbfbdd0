//! The one who sends what waits for a destination.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::body::{Body, body, longest};
use super::counts::DropReason;
use super::options::ExporterOptions;
use super::queue::{Queue, Step};
use super::transport::Transport;
use super::verdict::{Answer, ErrorClass, Verdict};
use crate::emit::job_telemetry::JobSpans;

pub(super) struct Worker {
    pub(super) queue: Arc<Queue>,
    pub(super) transport: Transport,
    pub(super) options: ExporterOptions,
    /// Failures since the last success.
    failures: u32,
    not_before: Option<Instant>,
    /// The token was fetched anew since the last success.
    is_renewed: bool,
    /// A warning of the collector's was passed on since the last failure.
    has_warned: bool,
}

impl Worker {
    pub(super) fn new(queue: Arc<Queue>, transport: Transport, options: ExporterOptions) -> Worker {
        Worker {
            queue,
            transport,
            options,
            failures: 0,
            not_before: None,
            is_renewed: false,
            has_warned: false,
        }
    }

    /// Sends until the end is said, and come or nothing is left.
    pub(super) async fn run(mut self) {
        let mut end = self.queue.end.subscribe();
        loop {
            match self.queue.step(self.not_before) {
                Step::End => return,
                Step::Wait(until) => {
                    let until = async {
                        match until {
                            Some(until) => sleep_until(until).await,
                            None => pending().await,
                        }
                    };
                    tokio::select! {
                        () = self.queue.changed.notified() => {}
                        () = until => {}
                        _ = end.changed() => {}
                    }
                }
                Step::Send(jobs) => self.send(jobs, &mut end.clone()).await,
            }
        }
    }

    /// One request, which the end cuts short.
    async fn send(&mut self, mut jobs: Vec<Arc<JobSpans>>, end: &mut watch::Receiver<Option<Instant>>) {
        let Some(body) = self.fitting(&mut jobs) else {
            self.queue.give_up(1, DropReason::TooLarge);
            return;
        };
        let is_anew = self.is_renewed && self.failures > 0;
        let answer = tokio::select! {
            answer = self.transport.post(body, is_anew) => answer,
            () = over(end) => return,
        };
        self.conclude(jobs.len(), &answer);
    }

    /// As many of the jobs as one request may hold; `None` where the first alone is too long.
    fn fitting(&self, jobs: &mut Vec<Arc<JobSpans>>) -> Option<Body> {
        let protocol = self.transport.protocol();
        loop {
            let of_jobs: Vec<&JobSpans> = jobs.iter().map(AsRef::as_ref).collect();
            let body = body(protocol, &of_jobs);
            if body.length <= longest(protocol) {
                return Some(body);
            }
            if jobs.len() < 2 {
                return None;
            }
            jobs.truncate(jobs.len() / 2);
        }
    }

    fn conclude(&mut self, jobs: usize, answer: &Answer) {
        match Verdict::of(answer) {
            Verdict::Taken => self.taken(jobs, answer),
            Verdict::Drop(class) => {
                self.error(class, answer);
                self.queue.give_up(jobs, DropReason::Refused);
            }
            Verdict::Unauthorized if self.transport.has_token() && !self.is_renewed => {
                self.error(ErrorClass::Auth, answer);
                self.failures += 1;
                self.is_renewed = true;
                self.queue.count(|counts| counts.retries += 1);
            }
            Verdict::Unauthorized => {
                self.error(ErrorClass::Auth, answer);
                self.queue.refuse();
            }
            Verdict::Again { class, at_least } => {
                self.error(class, answer);
                self.failures += 1;
                let until = Instant::now() + self.options.pause(self.failures, at_least);
                self.not_before = Some(until);
                self.queue.leave_alone(until, at_least.is_some());
            }
        }
    }

    fn taken(&mut self, jobs: usize, answer: &Answer) {
        (self.failures, self.not_before, self.is_renewed) = (0, None, false);
        let Answer::Taken { rejected, message } = answer else {
            return;
        };
        self.queue.taken(jobs, *rejected);
        if (*rejected > 0 || !message.is_empty()) && !self.has_warned {
            self.has_warned = true;
            tracing::warn!(
                rejected,
                message,
                "The collector of jobs' spans took a request with a warning."
            );
        }
    }

    fn error(&mut self, class: ErrorClass, answer: &Answer) {
        self.queue.count(|counts| *counts.errors.entry(class).or_default() += 1);
        self.has_warned = false;
        let said = match answer {
            Answer::Http { status, .. } => format!("it answered {status}"),
            Answer::Grpc { code, .. } => format!("it answered with gRPC's code {code}"),
            Answer::NoCollector => "what answers there is no collector of OTLP".to_owned(),
            Answer::NoToken => "there is no token to show".to_owned(),
            Answer::Nothing | Answer::Taken { .. } => "it did not answer".to_owned(),
        };
        // The first of a row is for the operator.
        if self.failures == 0 {
            tracing::warn!(
                class = class.label(),
                "The collector of jobs' spans did not take them: {said}."
            );
        } else {
            tracing::debug!(
                class = class.label(),
                "The collector of jobs' spans did not take them: {said}."
            );
        }
    }
}

/// Ends when the end has come.
async fn over(end: &mut watch::Receiver<Option<Instant>>) {
    loop {
        let at = *end.borrow_and_update();
        match at {
            Some(at) => return sleep_until(at).await,
            None if end.changed().await.is_err() => return pending().await,
            None => {}
        }
    }
}
