//! What a metric asks of the licence that the product runs under.

/// An attribute of the licence, or of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LicenseAttribute {
    AddOns,
    DailyBillableUsersCount,
    ExpiresAt,
    LicenseId,
    Licensee,
    Md5,
    Plan,
    Sha256,
    StartsAt,
    SubscriptionId,
    Trial,
    UserCount,
}

/// The attributes by the names that definitions use (spec 3.9).
const NAMES: [(&str, LicenseAttribute); 12] = [
    ("add_ons", LicenseAttribute::AddOns),
    ("daily_billable_users_count", LicenseAttribute::DailyBillableUsersCount),
    ("expires_at", LicenseAttribute::ExpiresAt),
    ("license_id", LicenseAttribute::LicenseId),
    ("licensee", LicenseAttribute::Licensee),
    ("md5", LicenseAttribute::Md5),
    ("plan", LicenseAttribute::Plan),
    ("sha256", LicenseAttribute::Sha256),
    ("starts_at", LicenseAttribute::StartsAt),
    ("subscription_id", LicenseAttribute::SubscriptionId),
    ("trial?", LicenseAttribute::Trial),
    ("user_count", LicenseAttribute::UserCount),
];

impl LicenseAttribute {
    /// The attribute of a name.
    pub fn of(name: &str) -> Option<LicenseAttribute> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
    }

    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }

    /// All names, in their order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}
