//! The tokens that are good, read from the state store now and then, so that a request costs no statement.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::access::{Digest, Scopes};
use crate::state::{ApiToken, StateError, StateStore};

/// How long a token that was revoked may still be believed.
const FRESH: Duration = Duration::from_secs(3);

/// A token that was shown.
#[derive(Debug, Clone)]
pub(in crate::server) struct Known {
    pub(in crate::server) token: ApiToken,
    pub(in crate::server) scopes: Scopes,
}

#[derive(Debug)]
pub(in crate::server) struct TokenBook {
    state: StateStore,
    page: RwLock<Arc<Page>>,
    /// Whoever reads the store; others wait for what it finds.
    reader: Mutex<()>,
}

#[derive(Debug, Default)]
struct Page {
    by_digest: HashMap<String, Arc<Known>>,
    by_id: HashMap<Uuid, Arc<Known>>,
    read_at: Option<Instant>,
}

impl TokenBook {
    pub(in crate::server) fn new(state: StateStore) -> TokenBook {
        TokenBook {
            state,
            page: RwLock::default(),
            reader: Mutex::new(()),
        }
    }

    /// The good token of a text, as far as was read lately.
    ///
    /// # Errors
    /// The store fails, and has not answered before.
    pub(in crate::server) async fn of_text(&self, text: &str) -> Result<Option<Arc<Known>>, StateError> {
        let digest = Digest::of(text).to_text();
        let page = self.read_since(lately()).await?;
        Ok(good(page.by_digest.get(&digest)))
    }

    /// The same, the store asked anew: a token that is not known may have been made just now.
    ///
    /// # Errors
    /// As [`TokenBook::of_text`].
    pub(in crate::server) async fn of_new_text(&self, text: &str) -> Result<Option<Arc<Known>>, StateError> {
        let digest = Digest::of(text).to_text();
        let page = self.read_since(Instant::now()).await?;
        Ok(good(page.by_digest.get(&digest)))
    }

    /// The good token of an id.
    ///
    /// # Errors
    /// As [`TokenBook::of_text`].
    pub(in crate::server) async fn of_id(&self, id: Uuid) -> Result<Option<Arc<Known>>, StateError> {
        let page = self.read_since(lately()).await?;
        Ok(good(page.by_id.get(&id)))
    }

    /// A page that was read at that time or later. A store that fails leaves the old one.
    async fn read_since(&self, time: Instant) -> Result<Arc<Page>, StateError> {
        let page = self.page();
        if is_since(&page, time) {
            return Ok(page);
        }
        let _turn = self.reader.lock().await;
        let page = self.page();
        if is_since(&page, time) {
            return Ok(page);
        }
        let read = match self.state.api_tokens().await {
            Ok(tokens) => Arc::new(self::page(tokens)),
            Err(error) if page.read_at.is_some() => {
                tracing::warn!(%error, "The tokens could not be read again; those of before count on.");
                Arc::new(Page {
                    by_digest: page.by_digest.clone(),
                    by_id: page.by_id.clone(),
                    read_at: Some(Instant::now()),
                })
            }
            Err(error) => return Err(error),
        };
        *self.page.write().unwrap_or_else(PoisonError::into_inner) = read.clone();
        Ok(read)
    }

    fn page(&self) -> Arc<Page> {
        self.page.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn lately() -> Instant {
    let now = Instant::now();
    now.checked_sub(FRESH).unwrap_or(now)
}

fn is_since(page: &Page, time: Instant) -> bool {
    page.read_at.is_some_and(|at| at >= time)
}

fn good(known: Option<&Arc<Known>>) -> Option<Arc<Known>> {
    known.filter(|known| known.token.is_good(Utc::now())).cloned()
}

fn page(tokens: Vec<ApiToken>) -> Page {
    let mut page = Page {
        read_at: Some(Instant::now()),
        ..Page::default()
    };
    for token in tokens.into_iter().filter(|token| token.revoked_at.is_none()) {
        let known = Arc::new(Known {
            scopes: Scopes::parse(&token.scopes),
            token,
        });
        page.by_id.insert(known.token.id, known.clone());
        page.by_digest.insert(known.token.digest.clone(), known);
    }
    page
}
