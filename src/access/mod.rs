//! Who may do what over HTTP: tokens with scopes, sessions of a browser, the header of a proxy that is trusted. Pure: it
//! makes and checks texts, and keeps none.

mod mac;
mod proxy;
mod scope;
mod session;
mod token;

pub use proxy::{ProxyError, ProxyUser};
pub use scope::{Scope, Scopes};
pub use session::{Session, SessionError, SessionKey};
pub use token::{Digest, Token};
