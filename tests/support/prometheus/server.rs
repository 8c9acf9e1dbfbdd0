//! The real servers, from Debian's packages.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::USER;
use super::process::Process;
use crate::support::redis::certificates::Certificates;
use crate::support::redis::server::free_port;

/// bcrypt of [`super::PASSWORD`].
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuTjfMpzoRyoU4vSCDa4gtuSphyJUZdRm";

/// What sets a server apart from a plain one that scrapes nothing.
#[derive(Default)]
pub struct PrometheusSettings {
    /// Entries of `scrape_configs`.
    pub scrapes: String,
    /// The text of each file of rules.
    pub rules: Vec<String>,
    /// Whether [`USER`] and [`super::PASSWORD`] are wanted.
    pub password: bool,
    pub tls: bool,
    /// Whether clients must show a certificate, too.
    pub client_certificates: bool,
}

/// A running Prometheus.
pub struct Prometheus {
    pub port: u16,
    folder: TempDir,
    certificates: Option<Certificates>,
    process: Process,
}

impl Prometheus {
    pub fn start() -> Prometheus {
        Prometheus::start_with(&PrometheusSettings::default())
    }

    pub fn start_with(settings: &PrometheusSettings) -> Prometheus {
        let folder = tempfile::Builder::new().prefix("service-ping-prometheus-").tempdir();
        let folder = folder.expect("a temporary folder");
        let port = free_port();
        let certificates = settings.tls.then(|| Certificates::make(folder.path()));
        write_config(folder.path(), settings);
        write_web_config(folder.path(), settings);
        let arguments = [
            "--config.file=prometheus.yml".to_owned(),
            "--web.config.file=web.yml".to_owned(),
            "--storage.tsdb.path=data".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        let ready = "Server is ready to receive web requests";
        let process = Process::start(folder.path(), "prometheus", &arguments, ready);
        Prometheus {
            port,
            folder,
            certificates,
            process,
        }
    }

    pub fn url(&self) -> String {
        match self.certificates {
            Some(_) => format!("https://localhost:{}", self.port),
            None => format!("http://127.0.0.1:{}", self.port),
        }
    }

    /// The authority of a server with TLS.
    pub fn authority(&self) -> PathBuf {
        self.certificates().authority.clone()
    }

    /// A certificate and its key for a client of a server with TLS.
    pub fn client_certificate(&self) -> (PathBuf, PathBuf) {
        self.certificates().client(self.folder.path())
    }

    fn certificates(&self) -> &Certificates {
        self.certificates.as_ref().expect("this server has no TLS")
    }

    pub fn kill(&self) {
        self.process.kill();
    }

    /// What a query gives at an instant, or now, as the HTTP API says it: the oracle of what we read.
    pub fn query(&self, promql: &str, at: Option<&str>) -> Value {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("query", promql);
        if let Some(at) = at {
            query.append_pair("time", at);
        }
        let body = get(self.port, &format!("/api/v1/query?{}", query.finish()));
        let reply: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!(reply["status"], "success", "{promql}: {reply}");
        reply["data"].clone()
    }

    /// The samples of an instant vector.
    pub fn vector(&self, promql: &str, at: Option<&str>) -> Vec<Value> {
        let data = self.query(promql, at);
        data["result"].as_array().expect("a vector").clone()
    }
}

/// The body of a reply, over a connection of its own.
fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("the server reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("the server answers");
    let (_, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
    body.to_owned()
}

fn write_config(folder: &Path, settings: &PrometheusSettings) {
    let mut config = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n".to_owned();
    config += "rule_files: [\"*.rules\"]\n";
    if !settings.scrapes.is_empty() {
        config += &format!("scrape_configs:\n{}", settings.scrapes);
    }
    std::fs::write(folder.join("prometheus.yml"), config).expect("the folder is ours");
    for (number, rules) in settings.rules.iter().enumerate() {
        std::fs::write(folder.join(format!("{number}.rules")), rules).expect("the folder is ours");
    }
}

fn write_web_config(folder: &Path, settings: &PrometheusSettings) {
    let mut config = String::new();
    if settings.password {
        config += &format!("basic_auth_users: {{{USER}: {HASH:?}}}\n");
    }
    if settings.tls {
        config += "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
    }
    if settings.client_certificates {
        config += "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    }
    std::fs::write(folder.join("web.yml"), config).expect("the folder is ours");
}

/// A running node_exporter.
pub struct NodeExporter {
    pub port: u16,
    _process: Process,
    _folder: TempDir,
}

impl NodeExporter {
    pub fn start() -> NodeExporter {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let arguments = [
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--collector.disable-defaults".to_owned(),
            "--collector.cpu".to_owned(),
            "--collector.meminfo".to_owned(),
            "--collector.uname".to_owned(),
        ];
        let process = Process::start(folder.path(), "prometheus-node-exporter", &arguments, "Listening on");
        NodeExporter {
            port,
            _process: process,
            _folder: folder,
        }
    }
}
