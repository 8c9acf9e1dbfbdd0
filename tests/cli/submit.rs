//! `submit`: what waits in the outbox.

use crate::delivery::closed_address;
use crate::instance::{NOW, json, small};
use crate::receiver::{Receiver, metadata, payloads};

#[test]
fn delivers_what_waits_and_says_what_still_does() {
    let address = closed_address();
    let cli = small()
        .env("SERVICE_PING__VERSIONS__URL", &format!("http://{address}"))
        .env("SERVICE_PING__VERSIONS__ATTEMPTS", "1");
    cli.run(&["run", "--now", NOW, "--output", "payload.json"])
        .expect_code(4);
    let away = cli.run(&["submit"]).expect_code(4);
    assert!(away.stdout.contains("of 2026-11-19T10:54:30"), "{}", away.stdout);
    assert!(away.stdout.contains("not delivered"), "{}", away.stdout);
    let away = json(&cli.run(&["submit", "--format", "json"]).expect_code(4).stdout);
    assert_eq!((&away["status"], &away["waiting"]), (&"waiting".into(), &1.into()));
    let receiver = Receiver::start_at(&cli, &address);
    let delivered = json(&cli.run(&["submit", "--format", "json"]).expect_code(0).stdout);
    assert_eq!(
        (&delivered["status"], &delivered["waiting"]),
        (&"delivered".into(), &0.into())
    );
    assert_eq!(delivered["reports"][0]["outcome"]["usage_data_id"], 1);
    let nothing = cli.run(&["submit"]).expect_code(0);
    assert!(nothing.stdout.contains("nothing was sent"), "{}", nothing.stdout);
    receiver.stop();
    let arrived: Vec<String> = payloads(&cli).into_iter().map(|payload| payload.payload).collect();
    assert_eq!(arrived, [cli.read("payload.json")]);
    assert_eq!(metadata(&cli).len(), 1);
}

#[test]
fn sends_nothing_where_reporting_is_off_or_has_no_address() {
    let cli = small().env("SERVICE_PING__VERSIONS__URL", &format!("http://{}", closed_address()));
    let cli = cli.env("SERVICE_PING__VERSIONS__ATTEMPTS", "1");
    cli.run(&["run", "--now", NOW]).expect_code(4);
    let cli = cli.env("SERVICE_PING__VERSIONS__URL", "");
    let nowhere = cli.run(&["submit"]).expect_code(4);
    assert!(nowhere.stderr.contains("[versions] has no url"), "{}", nowhere.stderr);
    let silent = cli.env("DO_NOT_TRACK", "1");
    let refused = silent.run(&["submit"]).expect_code(6);
    assert!(refused.stderr.contains("DO_NOT_TRACK is set"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
}
