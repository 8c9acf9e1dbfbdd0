//! The API against its own description, by a generator of requests that is not ours: no 5xx, and no answer that is not
//! described.

use std::path::PathBuf;
use std::process::Command;

use crate::place::Place;

/// The version that `scripts/servers.sh` installs.
const VERSION: &str = "4.32.5";

fn program() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).expect("a home");
    let program = home.join(format!(".cache/service-ping/schemathesis-{VERSION}/bin/schemathesis"));
    assert!(
        program.is_file(),
        "{} is missing: scripts/test installs it",
        program.display()
    );
    program
}

#[test]
fn every_answer_is_described_and_none_is_5xx() {
    let flags =
        "[feature_flags]\nusage_data_queries_api = true\nusage_data_non_sql_metrics = true\n[server]\nrate_limit = 0";
    let place = Place::new(flags);
    place.cli.run(&["run", "--no-submit"]).expect_code(0);
    let serving = place.serve();
    for scope in ["admin", "track"] {
        let token = place.token(&[scope, "--scope", scope, "--user", "1"]);
        let output = Command::new(program())
            .current_dir(place.cli.folder())
            .arg("run")
            .arg(format!("http://{}/usage_data/openapi.json", serving.address))
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .args([
                "--checks",
                "all",
                "--phases",
                "examples,coverage,fuzzing",
                "--max-examples",
                "40",
            ])
            .args(["--seed", "1", "--workers", "1", "--no-color"])
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "as {scope}:\n{said}");
        assert!(said.contains("Tested: 17"), "as {scope}:\n{said}");
    }
    serving.stop();
}
