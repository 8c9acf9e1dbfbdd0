//! A measure, read.

use std::time::Instant;

use super::query::query;
use super::{Connection, Prometheus};
use crate::measure::{Answer, Answers, Failure, NamedQuery, PrometheusMeasure, QueryError, QueryResult, Reading};
use crate::source::database::{Statement, StatementLog};

/// A measure's reading, and how many queries it took.
pub struct Read {
    pub result: Result<Reading, Failure>,
    pub queries: u64,
}

impl Prometheus {
    /// Reads one measure; the log is told of each query.
    pub async fn read(&self, measure: &PrometheusMeasure, log: &StatementLog) -> Read {
        let begun = Instant::now();
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(failure) => {
                return Read {
                    result: Err(failure),
                    queries: 0,
                };
            }
        };
        match measure {
            PrometheusMeasure::Value { query, value } => {
                let answer = self.ask(connection, query, log).await;
                Read {
                    result: answer
                        .map_err(|error| error.failure)
                        .and_then(|result| value.reading(result)),
                    queries: 1,
                }
            }
            PrometheusMeasure::Queries(queries) => {
                let answers = self.ask_in_order(connection, queries, log).await;
                let asked = answers.iter().filter(|(_, answer)| *answer != Answer::NotAsked);
                Read {
                    queries: asked.count() as u64,
                    result: Ok(Reading::Answers(Box::new(Answers {
                        answers,
                        elapsed: begun.elapsed(),
                    }))),
                }
            }
        }
    }

    async fn ask_in_order(
        &self,
        connection: &Connection,
        queries: &[NamedQuery],
        log: &StatementLog,
    ) -> Vec<(String, Answer)> {
        let mut answers = Vec::with_capacity(queries.len());
        let mut is_late = false;
        for named in queries {
            let answer = match is_late {
                true => Answer::NotAsked,
                false => match self.ask(connection, &named.query, log).await {
                    Ok(QueryResult::Vector(samples)) => Answer::Samples(samples),
                    Ok(QueryResult::Scalar(_) | QueryResult::Other(_)) => Answer::Samples(Vec::new()),
                    Err(error) => Answer::Failed(error.kind),
                },
            };
            is_late = is_late || matches!(&answer, Answer::Failed(kind) if kind.is_timeout());
            answers.push((named.name.clone(), answer));
        }
        answers
    }

    async fn ask(&self, connection: &Connection, promql: &str, log: &StatementLog) -> Result<QueryResult, QueryError> {
        let begun = Instant::now();
        let answer = query(&connection.client, promql, self.at, self.config.timeout).await;
        log.tell(&Statement {
            sql: promql,
            elapsed: begun.elapsed(),
            rows: match &answer {
                Ok(QueryResult::Vector(samples)) => samples.len() as u64,
                Ok(_) => 1,
                Err(_) => 0,
            },
            error: answer.as_ref().err().map(|error| error.failure.message.clone()),
        });
        answer
    }
}
