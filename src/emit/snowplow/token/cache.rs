//! A token that is kept while it is good, renewed ahead of its end, and fetched by one caller at a time.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{Token, TokenError, TokenSource};
use crate::emit::snowplow::clock::Boxed;
use crate::http::random_fraction;

/// What is left of a token's life when it must be renewed.
const MARGIN: Duration = Duration::from_secs(60);
/// The life of a token that does not say how long it is good for.
const UNSAID: Duration = Duration::from_secs(300);

/// Keeps the tokens of another source.
#[derive(Debug)]
pub struct Cached<S> {
    source: S,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    audience: String,
    token: Token,
    fetched: Instant,
    /// From here on it is renewed, and the old one used where that fails.
    renew_at: Instant,
    ends_at: Instant,
}

impl<S: TokenSource> Cached<S> {
    /// Nothing is fetched yet.
    pub fn new(source: S) -> Cached<S> {
        Cached {
            source,
            kept: Mutex::new(None),
        }
    }

    /// Whoever asks while another fetches gets what that one fetched, also where the old token was refused to both.
    async fn get(&self, audience: &str, anew: bool) -> Result<Token, TokenError> {
        let asked = Instant::now();
        let mut kept = self.kept.lock().await;
        let good = kept.as_ref().filter(|kept| kept.audience == audience);
        let is_fresh = good.is_some_and(|kept| asked < kept.renew_at && (!anew || kept.fetched >= asked));
        if let Some(kept) = good.filter(|_| is_fresh) {
            return Ok(kept.token.clone());
        }
        let fetched = self.source.token(audience, anew).await;
        match (fetched, good) {
            (Ok(token), _) => {
                *kept = Some(Kept::new(audience, token.clone()));
                Ok(token)
            }
            (Err(_), Some(kept)) if !anew && asked < kept.ends_at => Ok(kept.token.clone()),
            (Err(error), _) => Err(error),
        }
    }
}

impl Kept {
    fn new(audience: &str, token: Token) -> Kept {
        let fetched = Instant::now();
        let life = token.life.unwrap_or(UNSAID);
        // At four fifths of its life or a minute before its end, whichever is first; a fleet does not come at once.
        let ahead = life.mul_f64(0.8).min(life.saturating_sub(MARGIN).max(life / 2));
        Kept {
            audience: audience.to_owned(),
            token,
            fetched,
            renew_at: fetched + ahead.mul_f64(1.0 - 0.1 * random_fraction()),
            ends_at: fetched + life,
        }
    }
}

impl<S: TokenSource> TokenSource for Cached<S> {
    fn token<'a>(&'a self, audience: &'a str, anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
        Box::pin(self.get(audience, anew))
    }
}
