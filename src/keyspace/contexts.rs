//! The contexts that an event may be tracked in: plans of the product (spec 6.2).

/// Names that may stand before a key.
pub const CONTEXTS: [&str; 13] = [
    "default",
    "free",
    "bronze",
    "silver",
    "gold",
    "starter",
    "premium",
    "ultimate",
    "premium_trial",
    "ultimate_trial",
    "ultimate_trial_paid_customer",
    "opensource",
    "early_adopter",
];

/// Whether `context` is a name of this kind.
pub(super) fn is_context(context: &str) -> bool {
    CONTEXTS.contains(&context)
}
