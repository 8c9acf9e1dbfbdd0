//! What Prometheus knows of the instance: values, the topology, failures, ways to the server.

mod support;

#[path = "prometheus/access.rs"]
mod access;
#[path = "prometheus/discovery.rs"]
mod discovery;
#[path = "prometheus/failures.rs"]
mod failures;
#[path = "prometheus/instance.rs"]
mod instance;
#[path = "prometheus/oracle.rs"]
mod oracle;
#[path = "prometheus/shape.rs"]
mod shape;
#[path = "prometheus/told.rs"]
mod told;
#[path = "prometheus/topology.rs"]
mod topology;
#[path = "prometheus/values.rs"]
mod values;
