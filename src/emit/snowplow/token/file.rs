//! A token in a file that somebody else renews, as Kubernetes does with projected ones.

use std::path::PathBuf;

use super::{Token, TokenError, TokenSource};
use crate::emit::snowplow::clock::Boxed;

/// Reads the file for each request: it is small, and its time of change may stand still where it is a link.
#[derive(Debug, Clone)]
pub struct FileToken {
    path: PathBuf,
}

impl FileToken {
    /// The file is not looked at yet.
    pub fn new(path: impl Into<PathBuf>) -> FileToken {
        FileToken { path: path.into() }
    }
}

impl TokenSource for FileToken {
    fn token<'a>(&'a self, _audience: &'a str, _anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
        Box::pin(async {
            let text = std::fs::read_to_string(&self.path).map_err(|error| TokenError::File(error.to_string()))?;
            match text.trim() {
                "" => Err(TokenError::File("it is empty".to_owned())),
                token => Ok(Token::new(token, None)),
            }
        })
    }
}
