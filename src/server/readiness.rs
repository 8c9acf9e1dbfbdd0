//! Whether the weekly job could run now.

use std::path::Path;
use std::time::Duration;

use super::Sight;
use crate::definition::{self, Severity};

/// A store that does not answer by then is as good as none: probes have timeouts of their own.
pub(super) const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// Nothing, or why the job could not run. The store is asked first: it is the cheaper question.
pub(super) async fn obstacle(sight: &Sight) -> Option<String> {
    match tokio::time::timeout(STORE_TIMEOUT, sight.state.check()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            // What a server said may quote more than a stranger should read; the log of the process has it.
            tracing::warn!(%error, "The state store does not answer.");
            return Some("the state store does not answer: see the log".to_owned());
        }
        Err(_) => return Some(format!("the state store did not answer within {STORE_TIMEOUT:?}")),
    }
    let (folder, skip_invalid) = (sight.definitions.clone(), sight.skip_invalid);
    match tokio::task::spawn_blocking(move || unusable(&folder, skip_invalid)).await {
        Ok(why) => why,
        Err(_) => Some("the definitions could not be read".to_owned()),
    }
}

fn unusable(folder: &Path, skip_invalid: bool) -> Option<String> {
    let loaded = match definition::load(folder) {
        Ok(loaded) => loaded,
        Err(error) => return Some(error.to_string()),
    };
    let errors = loaded.problems.iter();
    let errors = errors.filter(|problem| problem.severity == Severity::Error).count();
    if errors > 0 && !skip_invalid {
        return Some(format!(
            "the definitions have errors ({errors}): service-ping validate names them"
        ));
    }
    let empty = loaded.catalog.metrics.is_empty() && loaded.invalid.is_empty();
    empty.then(|| format!("{} holds no metric definition", folder.display()))
}
