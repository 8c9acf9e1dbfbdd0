//! What others than the maker are told: traces, by the operator's own collector.

pub mod otlp;
mod tls;

pub use tls::install_tls;
