//! The container's recipe, the Debian package's contents, and the configuration that it installs.

use std::process::Command;

use service_ping::config::{Config, Environment};

use super::{path, text};

#[test]
fn the_image_is_built_apart_and_runs_as_nobody() {
    let recipe = text("packaging/Containerfile");
    let stages: Vec<&str> = recipe.lines().filter(|line| line.starts_with("FROM ")).collect();
    assert_eq!(stages.len(), 2, "{stages:?}");
    assert!(
        stages[0].ends_with(" AS build") && stages.iter().all(|stage| stage.contains(':')),
        "{stages:?}"
    );
    assert!(recipe.contains("cargo build --release --locked"));
    let last = recipe.rsplit("FROM ").next().expect("a stage");
    assert!(last.contains("\nCOPY --from=build /src/target/release/service-ping /usr/bin/service-ping\n"));
    let user = last
        .lines()
        .find_map(|line| line.strip_prefix("USER "))
        .expect("a user");
    // A number: Kubernetes cannot tell whether a name is root's.
    let id: u32 = user.split(':').next().and_then(|id| id.parse().ok()).expect("a number");
    assert_ne!(id, 0);
    assert!(last.contains("\nENTRYPOINT [\"/usr/bin/service-ping\"]\n"));
}

#[test]
fn the_image_copies_what_is_there() {
    let recipe = text("packaging/Containerfile");
    let copies = recipe.lines().filter_map(|line| line.strip_prefix("COPY "));
    for copy in copies.filter(|copy| !copy.starts_with("--from")) {
        let words: Vec<&str> = copy.split(' ').collect();
        for source in &words[..words.len() - 1] {
            assert!(path(source).exists(), "{source}");
        }
    }
    // What the build embeds, and what Cargo.toml names.
    for needed in [
        "src",
        "migrations",
        "metrics",
        "known_events",
        "events",
        "aggregated_metrics",
        "benches",
        "build.rs",
    ] {
        assert!(recipe.contains(needed), "{needed}");
    }
}

fn deb() -> toml::Table {
    let manifest: toml::Table = text("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let deb = manifest["package"]["metadata"]["deb"].as_table();
    deb.expect("[package.metadata.deb]").clone()
}

#[test]
fn the_package_holds_files_that_are_there() {
    let deb = deb();
    let assets = deb["assets"].as_array().expect("assets");
    let mut places = Vec::new();
    for asset in assets {
        let parts: Vec<&str> = asset
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|part| part.as_str())
            .collect();
        let [source, place, mode] = parts[..] else {
            panic!("{asset:?}")
        };
        places.push(place);
        let is_program = mode == "755";
        assert_eq!(is_program, source.starts_with("target/release/"), "{source}");
        let whole = source.split('*').next().expect("a beginning");
        // What scripts/package has the program write.
        let is_made = source.starts_with("target/package/");
        assert!(is_program || is_made || path(whole).exists(), "{source}");
    }
    for place in [
        "usr/bin/",
        "usr/lib/systemd/system/",
        "etc/service-ping/",
        "usr/share/man/man1/",
        "usr/share/bash-completion/completions/",
    ] {
        assert!(places.contains(&place), "{place}");
    }
    let units = std::fs::read_dir(path("packaging")).expect("the folder is there");
    let units = units.map(|unit| unit.expect("an entry").file_name().into_string().expect("text"));
    let manifest = text("Cargo.toml");
    for unit in units.filter(|unit| unit.ends_with(".service") || unit.ends_with(".timer")) {
        assert!(
            manifest.contains(&format!("\"packaging/{unit}\"")),
            "{unit} is not in the package"
        );
    }
    assert_eq!(
        deb["conf-files"][0].as_str(),
        Some("/etc/service-ping/service-ping.toml")
    );
}

#[test]
fn the_maintainer_scripts_are_shell_and_make_the_user_of_the_units() {
    let folder = path(deb()["maintainer-scripts"].as_str().expect("a folder"));
    for script in ["postinst", "prerm", "postrm"] {
        let script = folder.join(script);
        let checked = Command::new("sh").arg("-n").arg(&script).status().expect("a shell");
        assert!(checked.success(), "{}", script.display());
        let text = std::fs::read_to_string(&script).unwrap();
        assert!(text.starts_with("#!/bin/sh\n") && text.contains("\nset -e\n"));
    }
    let made = text("packaging/debian/postinst");
    assert!(made.contains("adduser --system --group"));
    for unit in [
        "service-ping.service",
        "service-ping-submit.service",
        "service-ping-serve.service",
    ] {
        assert!(
            text(&format!("packaging/{unit}")).contains("\nUser=service-ping\n"),
            "{unit}"
        );
    }
}

#[test]
fn the_installed_configuration_loads_and_sends_nothing() {
    let file = path("packaging/service-ping.toml");
    let config = Config::load(Some(&file), &Environment::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(!config.reporting.enabled, "an operator switches it on");
    assert_eq!(config.versions.url, None);
    assert_eq!(
        config.state.url.expose(),
        "sqlite:///var/lib/service-ping/service-ping.db"
    );
}
