//! Whether an instance reports at all (spec 12.2).

/// Whether reporting is allowed: the operator's setting or a licence with operational metrics wants it, and no single
/// user is still to be asked.
///
/// No licence is read yet, and none would overrule `reporting.enabled` unasked: callers pass what they know.
pub fn reporting_allowed(setting: bool, licence_has_operational_metrics: bool, consent_is_needed: bool) -> bool {
    (setting || licence_has_operational_metrics) && !consent_is_needed
}

#[cfg(test)]
mod tests {
    use super::reporting_allowed;

    #[test]
    fn the_truth_table_of_the_specification() {
        let table = [
            (true, true, false, true),
            (false, true, true, false),
            (false, true, false, true),
            (true, true, true, false),
            (true, false, false, true),
            (true, false, true, false),
            (false, false, false, false),
            (false, false, true, false),
        ];
        for (setting, licence, needed, allowed) in table {
            let says = reporting_allowed(setting, licence, needed);
            assert_eq!(says, allowed, "{setting} {licence} {needed}");
        }
    }
}
