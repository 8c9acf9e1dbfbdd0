//! Other people's readers of what is exported: pyarrow, Python's csv and json, and moto's S3.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Where scripts/servers.sh puts them.
pub fn python() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let tools = cache.or_else(home).expect("a home").join("service-ping");
    let script = include_str!("../../../scripts/servers.sh");
    let version = script
        .lines()
        .find_map(|line| line.strip_prefix("readonly WAREHOUSE="))
        .expect("a version");
    tools.join(format!("warehouse-{version}/bin/python"))
}

/// Runs a script and gives what it prints.
pub fn run(script: &str, arguments: &[&str]) -> String {
    let python = python();
    let output = Command::new(&python).arg("-c").arg(script).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}; run scripts/test", python.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An S3 of its own, with one bucket. It ends with the test.
pub struct S3 {
    child: Child,
    pub url: String,
}

const SERVER: &str = r#"
import sys, threading
from moto.server import ThreadedMotoServer
import boto3
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
host, port = server.get_host_and_port()
url = f"http://127.0.0.1:{port}"
boto3.client("s3", endpoint_url=url, aws_access_key_id="id", aws_secret_access_key="secret",
             region_name="us-east-1").create_bucket(Bucket="warehouse")
print(url, flush=True)
sys.stdin.read()
"#;

impl S3 {
    pub fn start() -> S3 {
        let mut command = Command::new(python());
        command
            .arg("-c")
            .arg(SERVER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command
            .stderr(Stdio::null())
            .spawn()
            .expect("python runs; run scripts/test");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.map(Result::unwrap).find(|line| line.starts_with("http://"));
        let url = url.expect("moto starts");
        S3 { child, url }
    }

    /// An object's bytes, by boto.
    pub fn object_length(&self, key: &str) -> String {
        let script = "import sys, boto3\n\
             s3 = boto3.client('s3', endpoint_url=sys.argv[1], aws_access_key_id='id', aws_secret_access_key='secret', \
             region_name='us-east-1')\n\
             open(sys.argv[3], 'wb').write(s3.get_object(Bucket='warehouse', Key=sys.argv[2])['Body'].read())\n\
             print(s3.list_objects_v2(Bucket='warehouse')['KeyCount'])";
        let target = tempfile::NamedTempFile::new().unwrap();
        let count = run(script, &[&self.url, key, target.path().to_str().unwrap()]);
        format!("{} {}", count.trim(), std::fs::metadata(target.path()).unwrap().len())
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
