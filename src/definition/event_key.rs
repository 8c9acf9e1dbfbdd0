//! Whether a known event's name and slot make a key.

use super::KnownEvent;

/// What is wrong with the name or the slot, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadKey {
    /// The field that it is about.
    pub field: &'static str,
    pub message: String,
    pub help: String,
}

/// Keys have the slot in one pair of braces: it has to occur in the name, and once (spec 6.2).
pub(super) fn bad_key(event: &KnownEvent) -> Option<BadKey> {
    let name = &event.name;
    let Some(slot) = &event.redis_slot else {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        return (!name.chars().all(letters)).then(|| BadKey {
            field: "name",
            message: format!("`{name}` cannot be a slot: without a `redis_slot` the whole name is"),
            help: "give it a `redis_slot`, or a name of letters, digits and underscores".to_owned(),
        });
    };
    let message = match name.matches(slot.as_str()).count() {
        0 => format!("the slot `{slot}` does not occur in `{name}`: the event could not be tracked"),
        1 => return None,
        times => format!("the slot `{slot}` occurs {times} times in `{name}`: the event could not be tracked"),
    };
    Some(BadKey {
        field: "redis_slot",
        message,
        help: "choose a slot that is one part of the name, or take `redis_slot` out".to_owned(),
    })
}
