//! The receiving end of a fleet: its store on both databases, the DevOps score, access, quotas, pages and exports.

#[path = "versions/fleet/access.rs"]
mod access;
#[path = "versions/fleet/end.rs"]
mod end;
#[path = "versions/fleet/export.rs"]
mod export;
#[path = "versions/fleet/instances.rs"]
mod instances;
#[path = "versions/fleet/license.rs"]
mod license;
#[path = "versions/fleet/pages.rs"]
mod pages;
#[path = "state/postgres.rs"]
mod postgres;
#[path = "versions/fleet/quota.rs"]
mod quota;
#[path = "versions/fleet/score.rs"]
mod score;
#[path = "versions/fleet/simulated.rs"]
mod simulated;
mod support;
#[path = "versions/fleet/warehouse.rs"]
mod warehouse;
#[path = "versions/fleet/weekly.rs"]
mod weekly;
