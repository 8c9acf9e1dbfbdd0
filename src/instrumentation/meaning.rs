//! What a definition measures, for comparing it with what it measured before.

use super::{Context, Request, class_of};
use crate::definition::MetricDefinition;

/// What the definition measures, in a spelling that does not depend on how it was written. `None` where that cannot be
/// told: it names no class, one that does not exist, or options that do not fit.
pub fn meaning(definition: &MetricDefinition, context: &Context<'_>) -> Option<String> {
    let class = context.registry.class(class_of(definition)?, context.catalog)?;
    let measure = class.describe(&Request::of(definition), context).ok()?;
    measure.meaning().ok()
}
