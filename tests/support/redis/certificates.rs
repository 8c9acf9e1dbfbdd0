//! Certificates of an authority of our own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority, and a server's certificate for `localhost` that it signed.
pub struct Certificates {
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificates {
    pub fn make(folder: &Path) -> Certificates {
        let file = |name: &str| folder.join(name);
        std::fs::write(file("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("the folder is ours");
        openssl(
            folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        );
        openssl(
            folder,
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
        );
        openssl(
            folder,
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
        );
        Certificates {
            authority: file("ca.pem"),
            certificate: file("server.pem"),
            key: file("server.key"),
        }
    }

    /// A certificate for a client, and its key, of the same authority.
    pub fn client(&self, folder: &Path) -> (PathBuf, PathBuf) {
        openssl(
            folder,
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=client -keyout client.key -out client.csr",
        );
        openssl(
            folder,
            "x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out client.pem",
        );
        (folder.join("client.pem"), folder.join("client.key"))
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(folder);
    let output = command.output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
