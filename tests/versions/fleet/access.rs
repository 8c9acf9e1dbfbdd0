//! Tokens and certificates.

use std::process::Command;

use reqwest::{Certificate, Identity, StatusCode};
use serde_json::json;
use service_ping::versions::receiver::{Access, Receiver, ReceiverStore, TlsFiles, TokenRole};
use service_ping::versions::{Client, ClientConfig, install_tls};
use uuid::Uuid;

use crate::end::{BOTH, End, On, limits, new_store, reply};
use crate::support::redis::certificates::Certificates;

const GUARDED: Access = Access {
    token_to_send: true,
    token_to_look: true,
};
const BODY: &str = r#"{"uuid": "a", "recorded_at": "1"}"#;

#[tokio::test]
async fn nobody_sends_without_a_token() {
    for on in BOTH {
        let end = End::with(on, limits(), GUARDED).await;
        let token = end
            .store
            .add_token("all", TokenRole::Instance, None)
            .await
            .unwrap()
            .unwrap();
        let own = end
            .store
            .add_token("a", TokenRole::Instance, Some("a"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            end.store.add_token("all", TokenRole::Admin, None).await.unwrap(),
            None,
            "names are taken once"
        );
        for path in ["/usage_data", "/usage_ping_metadata", "/usage_ping_errors"] {
            for wrong in ["", "x", &token[1..], "Bearer"] {
                let refused = reply(end.post(path, BODY).bearer_auth(wrong)).await;
                assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{on:?} {path} {wrong}");
            }
            assert_eq!(reply(end.post(path, BODY)).await.status, StatusCode::UNAUTHORIZED);
        }
        let sent = reply(end.post("/usage_data", BODY).bearer_auth(&token)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
        let sent = reply(end.post("/usage_data", BODY).basic_auth("instance", Some(&own))).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
        let other = json!({"uuid": "b"}).to_string();
        let sent = reply(end.post("/usage_data", other.clone()).bearer_auth(&own)).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{}", sent.text);
        assert_eq!(
            reply(end.post("/usage_data", other).bearer_auth(&token)).await.status,
            StatusCode::CREATED
        );

        assert!(end.store.revoke_token("all").await.unwrap());
        assert!(!end.store.revoke_token("all").await.unwrap());
        let refused = reply(end.post("/usage_data", BODY).bearer_auth(&token)).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "revoked");
        let listed = end.store.tokens().await.unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().all(|listed| !format!("{listed:?}").contains(&token)));
        assert_eq!(listed.iter().filter(|listed| listed.revoked_at.is_some()).count(), 1);
    }
}

#[tokio::test]
async fn the_projects_own_client_shows_a_token_from_its_url() {
    let end = End::with(On::Sqlite, limits(), GUARDED).await;
    let token = end
        .store
        .add_token("t", TokenRole::Instance, None)
        .await
        .unwrap()
        .unwrap();
    let url = end.running.url().replace("://", &format!("://instance:{token}@"));
    let client = Client::new(ClientConfig::new(url)).unwrap();
    let taken = client.post_payload(Uuid::new_v4(), BODY.to_owned()).await.unwrap();
    assert_eq!(taken.usage_data_id, 1);
    let refused = end
        .client()
        .post_payload(Uuid::new_v4(), BODY.to_owned())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
}

#[tokio::test]
async fn pages_are_for_administrators() {
    let end = End::with(On::Sqlite, limits(), GUARDED).await;
    let instance = end
        .store
        .add_token("i", TokenRole::Instance, None)
        .await
        .unwrap()
        .unwrap();
    let admin = end.store.add_token("a", TokenRole::Admin, None).await.unwrap().unwrap();
    for path in [
        "/",
        "/instances",
        "/instances/a",
        "/instances/a/payload",
        "/versions",
        "/metrics",
        "/metrics/a",
        "/failures",
        "/errors",
    ] {
        let refused = reply(end.get(path)).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(refused.header("www-authenticate").starts_with("Basic "), "{path}");
        assert_eq!(
            reply(end.get(path).bearer_auth(&instance)).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
        let seen = reply(end.get(path).basic_auth("anyone", Some(&admin))).await.status;
        assert!([StatusCode::OK, StatusCode::NOT_FOUND].contains(&seen), "{path} {seen}");
    }
    assert_eq!(reply(end.get("/healthz")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_tell_who_may_connect() {
    install_tls();
    let folder = tempfile::tempdir().unwrap();
    let made = Certificates::make(folder.path());
    let (certificate, key) = made.client(folder.path());
    let strangers = tempfile::tempdir().unwrap();
    let (strange, strange_key) = Certificates::make(strangers.path()).client(strangers.path());
    let files = TlsFiles {
        certificate: made.certificate.clone(),
        key: made.key.clone(),
        client_authority: Some(made.authority.clone()),
    };
    let (url, _store) = new_store(On::Sqlite).await;
    let store = ReceiverStore::open(&url).await.unwrap();
    let bind = async || {
        Receiver::bind("127.0.0.1:0".parse().unwrap(), store.clone())
            .await
            .unwrap()
    };
    let running = bind().await.with_tls(&files).unwrap().start();
    let post = async |identity: Option<Identity>| {
        let authority = Certificate::from_pem(&std::fs::read(&made.authority).unwrap()).unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([authority]);
        let client = identity
            .into_iter()
            .fold(client, |client, identity| client.identity(identity));
        let request = client.build().unwrap().post(running.url() + "/usage_data").body(BODY);
        request.send().await.map(|response| response.status())
    };
    let identity = |certificate: &std::path::Path, key: &std::path::Path| {
        let pem = [std::fs::read(certificate).unwrap(), std::fs::read(key).unwrap()].concat();
        Identity::from_pem(&pem).unwrap()
    };
    assert!(running.url().starts_with("https://"));
    assert_eq!(
        post(Some(identity(&certificate, &key))).await.unwrap(),
        StatusCode::CREATED
    );
    assert!(post(None).await.is_err());
    assert!(
        post(Some(identity(&strange, &strange_key))).await.is_err(),
        "of another authority"
    );
    assert_eq!(store.counts().await.unwrap().payloads, 1);

    // An independent client agrees that old versions are not spoken.
    let old = Command::new("openssl")
        .args(["s_client", "-verify_return_error", "-CAfile"])
        .arg(&made.authority)
        .args(["-connect", &running.local_addr().to_string(), "-tls1_1"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(!old.status.success(), "TLS 1.1 is not spoken");

    let wrong = TlsFiles {
        key: strange_key.clone(),
        ..files.clone()
    };
    let said = bind().await.with_tls(&wrong).unwrap_err().to_string();
    assert!(said.contains("do not go together"), "{said}");
    let wrong = TlsFiles {
        certificate: made.key.clone(),
        ..files
    };
    let said = bind().await.with_tls(&wrong).unwrap_err().to_string();
    assert!(said.contains("certificates"), "{said}");
}
