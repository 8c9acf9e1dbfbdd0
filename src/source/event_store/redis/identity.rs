//! What tells this Redis from every other.

use redis::{Value, cmd};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::refusal::Refusal;
use super::router::Router;
use super::slot::slot_of;
use crate::measure::Failure;

const KEY: &str = "service_ping:identity";

/// The name that the store keeps, given to it by whoever asks first; of a store that takes no writes, one made of its
/// address.
pub(super) async fn identity(router: &Router, address: &str) -> Result<String, Failure> {
    if let Some(known) = known(router).await? {
        return Ok(known);
    }
    let mut name = cmd("SET");
    name.arg(KEY).arg(Uuid::new_v4().to_string()).arg("NX");
    match router.send_one(slot_of(KEY), name).await {
        Ok(_) => {}
        Err(Refusal::Server(error)) if matches!(error.code(), "READONLY" | "NOPERM" | "OOM" | "MISCONF") => {
            return Ok(of_address(address));
        }
        Err(refusal) => return Err(refusal.failure()),
    }
    Ok(known(router).await?.unwrap_or_else(|| of_address(address)))
}

async fn known(router: &Router) -> Result<Option<String>, Failure> {
    match router.send_one(slot_of(KEY), super::read::of_key("GET", KEY)).await {
        Ok(Value::BulkString(name)) => Ok(String::from_utf8(name).ok()),
        Ok(_) => Ok(None),
        Err(refusal) => Err(refusal.of_key(KEY)),
    }
}

fn of_address(address: &str) -> String {
    let digest = Sha256::digest(address.as_bytes());
    let digits = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    digits.collect()
}
