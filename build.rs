//! Tells cargo to build again when a migration or a shipped definition is added: both are embedded, and the macros see
//! only files they know.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    for folder in ["metrics", "known_events", "events", "aggregated_metrics"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
