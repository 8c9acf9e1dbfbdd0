//! Who is let in, and who is trusted: TLS, passwords, tokens, certificates, against real servers.

use crate::instance::{Generated, generate, instance, query};
use crate::support::cli::Cli;
use crate::support::prometheus::double::{Answer, Double};
use crate::support::prometheus::server::{Prometheus, PrometheusSettings};
use crate::support::prometheus::{PASSWORD, USER};

fn asked(lines: &str) -> (Cli, Generated) {
    let cli = instance(lines);
    query(&cli, "settings.one", "vector(1)", "");
    let generated = generate(&cli, &[]);
    (cli, generated)
}

fn assert_in(lines: &str) {
    let (cli, generated) = asked(lines);
    assert_eq!(
        generated.payload["settings"]["one"], 1,
        "{lines}: {:?}",
        generated.reasons
    );
    let doctor = cli.run(&["doctor"]);
    assert!(
        doctor.stdout.contains("prometheus     Prometheus 2."),
        "{}",
        doctor.stdout
    );
}

/// The reason, which holds this and no secret.
fn assert_out(lines: &str, says: &str) {
    let (cli, generated) = asked(lines);
    let reason = &generated.reasons["settings.one"];
    assert!(
        reason.starts_with("source_unavailable: ") && reason.contains(says),
        "{reason}"
    );
    assert_eq!(cli.run(&["doctor"]).code, Some(1));
    for arguments in [&["doctor"], &["metric", "settings.one"][..]] {
        let outcome = cli.run(arguments);
        let text = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(text.contains(says), "{text}");
        assert!(!text.contains(PASSWORD) && !text.contains("another-secret"), "{text}");
    }
}

#[test]
fn tls_is_trusted_by_the_authority_that_is_named_alone() {
    let server = Prometheus::start_with(&PrometheusSettings {
        tls: true,
        ..PrometheusSettings::default()
    });
    let url = format!("url = \"{}\"\n", server.url());
    assert_in(&format!("{url}ca_file = {:?}", server.authority()));
    assert_out(&url, "certificate");
    let other = Prometheus::start_with(&PrometheusSettings {
        tls: true,
        ..PrometheusSettings::default()
    });
    assert_out(&format!("{url}ca_file = {:?}", other.authority()), "certificate");
    // The certificate is of another name.
    let by_address = format!("url = \"https://127.0.0.2:{}\"\n", server.port);
    assert_out(&format!("{by_address}ca_file = {:?}", server.authority()), "");
    assert_out(
        &format!("{url}ca_file = \"absent.pem\""),
        "absent.pem of [prometheus] cannot be read",
    );
    assert_out(
        &format!("{url}ca_file = \"service-ping.toml\"\nclient_certificate = \"service-ping.toml\""),
        "service-ping.toml of [prometheus] does not hold the PEM",
    );
    assert_out(
        &format!("url = \"http://localhost:{}\"", server.port),
        "400 Bad Request",
    );
}

#[test]
fn basic_authentication() {
    let server = Prometheus::start_with(&PrometheusSettings {
        password: true,
        ..PrometheusSettings::default()
    });
    let url = format!("url = \"{}\"\n", server.url());
    assert_in(&format!("{url}username = \"{USER}\"\npassword = \"{PASSWORD}\""));
    assert_in(&format!("url = \"http://{USER}:{PASSWORD}@127.0.0.1:{}\"", server.port));
    assert_out(&url, "refuses the credentials: 401");
    assert_out(
        &format!("{url}username = \"{USER}\"\npassword = \"another-secret\""),
        "refuses the credentials: 401",
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).expect("the folder is ours");
    assert_in(&format!("{url}username = \"{USER}\"\npassword_file = {file:?}"));
}

#[test]
fn a_certificate_of_the_client_with_a_password_on_top() {
    let server = Prometheus::start_with(&PrometheusSettings {
        password: true,
        tls: true,
        client_certificates: true,
        ..PrometheusSettings::default()
    });
    let (certificate, key) = server.client_certificate();
    let open = format!("url = \"{}\"\nca_file = {:?}\n", server.url(), server.authority());
    let login = format!("username = \"{USER}\"\npassword = \"{PASSWORD}\"\n");
    let shown = format!("client_certificate = {certificate:?}\nclient_key = {key:?}\n");
    assert_in(&format!("{open}{login}{shown}"));
    assert_out(&format!("{open}{shown}"), "refuses the credentials: 401");
    assert_out(&format!("{open}{login}"), "cannot be reached");
    let both = certificate.with_file_name("both.pem");
    let texts = [&certificate, &key].map(|file| std::fs::read_to_string(file).expect("readable"));
    std::fs::write(&both, texts.concat()).expect("the folder is ours");
    assert_in(&format!("{open}{login}client_certificate = {both:?}"));
}

/// Prometheus itself knows no tokens: whoever stands before it does.
#[test]
fn a_bearer_token() {
    let server = Prometheus::start();
    let port = server.port;
    let gate = Double::start(
        move |asked| match asked.headers.get("authorization").map(String::as_str) {
            Some("Bearer correct-horse-token") => Answer::From(port),
            _ => Answer::Says(401, "text/plain", "Unauthorized".to_owned()),
        },
    );
    let url = format!("url = \"{}\"\n", gate.url());
    assert_in(&format!("{url}bearer_token = \"correct-horse-token\""));
    assert_out(&url, "refuses the credentials: 401");
    assert_out(
        &format!("{url}bearer_token = \"another-secret\""),
        "refuses the credentials: 401",
    );
    assert_out(&format!("{url}bearer_token = \"another-secret\\n\""), "no HTTP header");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "correct-horse-token\n").expect("the folder is ours");
    assert_in(&format!("{url}bearer_token_file = {file:?}"));
}

/// Whom a server sends us to is nobody whom the operator named.
#[test]
fn credentials_follow_no_redirect() {
    let elsewhere = Double::start(|_| Answer::ready());
    let port = elsewhere.port;
    let here = Double::start(move |_| {
        Answer::Says(
            307,
            &*format!("text/plain\r\nLocation: http://127.0.0.1:{port}/-/ready").leak(),
            String::new(),
        )
    });
    assert_out(
        &format!("url = \"{}\"\nbearer_token = \"another-secret\"", here.url()),
        "307 Temporary Redirect",
    );
    assert_eq!(elsewhere.asked().len(), 0);
}
