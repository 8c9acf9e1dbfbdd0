//! Tells cargo to build again when a migration is added: they are embedded, and the macro sees only files it knows.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
