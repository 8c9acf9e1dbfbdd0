//! Questions to a database that one statement answers for all who ask: its settings, and what it knows of itself.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::batch::board::{Ask, Question};

impl<'a> Lanes<'a> {
    /// Asks once for all; false where the session can be used no more.
    pub(super) async fn ask(&self, session: &mut Session, ask: Ask<'a>) -> bool {
        let begun = (Instant::now(), session.statements());
        let answer = match self.database.pass(session).await {
            Ok(()) => answer(session, &ask.question).await.map_err(Failure::from),
            Err(error) => Err(error.into()),
        };
        let usable = !answer.as_ref().is_err_and(|failure| ends_session(failure.reason));
        if !usable && ask.attempts == 0 && !self.is_alone(session.server()) && !self.interrupt.is_raised() {
            self.board.put_back(Task::Ask(Ask { attempts: 1, ..ask }));
            return false;
        }
        let took = Took::since(begun.0, begun.1, session);
        for (index, name) in ask.question.asked() {
            let reading = match &answer {
                Ok(known) => known
                    .get(name)
                    .cloned()
                    .map(Reading::Value)
                    .ok_or_else(|| missing(&ask.question, name)),
                Err(failure) if failure.reason == Reason::MissingTable => Err(missing(&ask.question, name)),
                Err(failure) => Err(failure.clone()),
            };
            self.take(index, Taken::with(took, reading));
        }
        usable
    }
}

async fn answer(session: &mut Session, question: &Question<'_>) -> Result<BTreeMap<String, Value>, DatabaseError> {
    match question {
        Question::Settings { table, .. } => {
            let names: Vec<&str> = question.asked().map(|(_, name)| name).collect();
            session.settings(table, &names).await
        }
        Question::Facts(_) => {
            let facts = session.server_facts().await?;
            Ok(facts
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect())
        }
    }
}

fn missing(question: &Question<'_>, name: &str) -> Failure {
    let place = match question {
        Question::Settings { table, .. } => format!("neither [settings] nor the last row of the table {table} has"),
        Question::Facts(_) => "the database does not tell".to_owned(),
    };
    Failure::new(Reason::MissingSetting, format!("{place} {name}"))
}
