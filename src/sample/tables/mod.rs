//! The tables of the sample instance, by the part of the product that they belong to.
//!
//! Names, types and the meaning of numbers are those of GitLab's schema of release 18, cut down to the columns that the
//! shipped definitions read and a few that belong to any such table.

mod builds;
mod code;
mod columns;
mod deployments;
mod imports;
mod infrastructure;
mod instance;
mod packages;
mod planning;
mod projects;
mod security;
mod users;

use super::Table;

/// Every table of the sample instance, in an order in which rows may refer to earlier tables.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    let parts: [&'static [Table]; 11] = [
        instance::TABLES,
        users::TABLES,
        projects::TABLES,
        planning::TABLES,
        code::TABLES,
        builds::TABLES,
        deployments::TABLES,
        infrastructure::TABLES,
        packages::TABLES,
        imports::TABLES,
        security::TABLES,
    ];
    parts.into_iter().flatten()
}
