//! Three primaries that share the slots.

use std::process::{Command, Stdio};

use super::server::{Redis, RedisSettings};
use crate::support::wait::wait_until;

/// A Redis Cluster of three.
pub struct RedisCluster {
    pub nodes: Vec<Redis>,
}

impl RedisCluster {
    pub fn start() -> RedisCluster {
        RedisCluster::start_with(&[])
    }

    pub fn start_with(arguments: &[&str]) -> RedisCluster {
        let common = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        let settings = RedisSettings::with(&[&common[..], arguments].concat());
        let nodes: Vec<Redis> = (0..3).map(|_| Redis::start_with(settings.clone())).collect();
        let cluster = RedisCluster { nodes };
        let mut command = Command::new("redis-cli");
        command.args(["--cluster", "create"]);
        command.args(cluster.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)));
        let output = command
            .arg("--cluster-yes")
            .stdin(Stdio::null())
            .output()
            .expect("redis-cli is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        wait_until("the cluster to be complete", || {
            cluster
                .nodes
                .iter()
                .all(|node| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"))
        });
        cluster
    }

    pub fn url(&self) -> String {
        let hosts: Vec<String> = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        format!("redis-cluster://{}", hosts.join(","))
    }

    /// What redis-cli prints, sent on to the node that has the key.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let port = self
            .nodes
            .iter()
            .map(|node| node.port.to_string())
            .next()
            .expect("three nodes");
        let mut command = Command::new("redis-cli");
        command
            .args(["-c", "--raw", "-p", &port])
            .args(arguments)
            .stdin(Stdio::null());
        let output = command.output().expect("redis-cli is installed");
        String::from_utf8_lossy(&output.stdout)
            .trim_end_matches('\n')
            .to_owned()
    }

    /// The node that serves a key now, by its own word.
    pub fn owner(&self, key: &str) -> &Redis {
        let owns = |node: &&Redis| !node.cli(&["EXISTS", key]).starts_with("MOVED");
        self.nodes.iter().find(owns).expect("some node serves the key")
    }

    pub fn id(&self, node: &Redis) -> String {
        node.cli(&["CLUSTER", "MYID"])
    }
}
