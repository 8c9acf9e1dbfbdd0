//! Whether an instance reports at all (spec 12.2).

use chrono::{DateTime, TimeDelta, Utc};

use crate::source::database::ProductUser;

/// For how long a single user is not asked: whoever has just installed the product is still looking at it.
const UNASKED: TimeDelta = TimeDelta::days(7);

/// Whether reporting is allowed: the operator's setting or a licence with operational metrics wants it, and no single
/// user is still to be asked.
pub fn reporting_allowed(setting: bool, licence_has_operational_metrics: bool, consent_is_needed: bool) -> bool {
    (setting || licence_has_operational_metrics) && !consent_is_needed
}

/// Whether these users are a single one who is to be asked first: an administrator for more than seven days. One whose
/// first day is not known is asked.
pub fn is_to_be_asked(users: &[ProductUser], now: DateTime<Utc>) -> bool {
    match users {
        [user] => user.is_admin && user.created_at.is_none_or(|created_at| now - created_at > UNASKED),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{ProductUser, is_to_be_asked, reporting_allowed};

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

    #[test]
    fn a_single_administrator_is_asked_after_seven_days() {
        let now = DateTime::UNIX_EPOCH;
        let user = |is_admin: bool, age: Option<TimeDelta>| ProductUser {
            is_admin,
            created_at: age.map(|age| now - age),
        };
        let (week, second) = (TimeDelta::days(7), TimeDelta::seconds(1));
        let old = user(true, Some(week + second));
        for (users, is_asked) in [
            (vec![old], true),
            (vec![user(true, None)], true),
            (vec![user(true, Some(week))], false),
            (vec![user(true, Some(-week))], false),
            (vec![user(false, Some(week * 2))], false),
            (vec![old, old], false),
            (vec![], false),
        ] {
            assert_eq!(is_to_be_asked(&users, now), is_asked, "{users:?}");
        }
    }
}
