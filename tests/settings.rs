//! What an instance knows of itself: its licence, its settings, its components, its databases.

mod support;

#[path = "settings/component.rs"]
mod component;
#[path = "settings/components.rs"]
mod components;
#[path = "settings/databases.rs"]
mod databases;
#[path = "settings/instance.rs"]
mod instance;
#[path = "settings/license.rs"]
mod license;
#[path = "settings/tables.rs"]
mod tables;
