//! The end of a token's life, as the token says it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::emit::snowplow::base64_form::decode;

#[derive(Deserialize)]
struct Claims {
    exp: f64,
}

/// How long a JWT is good for from now, which is not verified: who signs it is for the collector to judge. `None` where it
/// is none, or does not say.
pub(super) fn life(token: &str) -> Option<Duration> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims: Claims = serde_json::from_slice(&decode(claims)?).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    Duration::try_from_secs_f64((claims.exp - now).max(0.0)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;

    use super::life;

    #[test]
    fn the_end_is_read_off_the_claims() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let token = |claims: String| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let hour = life(&token(format!("{{\"exp\":{}}}", now + 3600))).unwrap().as_secs();
        assert!((3590..=3600).contains(&hour), "{hour}");
        assert_eq!(life(&token("{\"exp\":1}".to_owned())).unwrap().as_secs(), 0);
        for text in ["", "opaque", "a.b", "a.b.c", &token("{}".to_owned())] {
            assert_eq!(life(text), None, "{text}");
        }
    }
}
