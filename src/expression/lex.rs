//! A line as tokens, quoted and commented as SQL is.

use std::ops::Range;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// `"users"`
    QuotedName,
    /// `'text'`, `E'text'`, `$$text$$`
    Text,
    Number,
    Comment,
    Space,
    Symbol(char),
}

/// A token and the bytes that it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// All tokens of a text; every byte belongs to one.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    /// The quote or comment that does not end.
    pub(super) unclosed: Option<Range<usize>>,
}

/// Whether a line goes on: a bracket, quote or comment is still open.
pub fn is_open(text: &str) -> bool {
    let Tokens { tokens, unclosed } = tokens(text);
    let mut depth = 0_i64;
    for token in &tokens {
        match token.kind {
            Kind::Symbol('(' | '[' | '{') => depth += 1,
            Kind::Symbol(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            // Nothing that follows can mend it.
            return false;
        }
    }
    depth > 0 || unclosed.is_some()
}

pub(super) fn tokens(text: &str) -> Tokens {
    let mut lexer = Lexer {
        text,
        at: 0,
        unclosed: None,
    };
    let mut tokens = Vec::new();
    while let Some(first) = lexer.rest().chars().next() {
        let start = lexer.at;
        let kind = lexer.token(first);
        tokens.push(Token {
            kind,
            span: start..lexer.at,
        });
    }
    Tokens {
        tokens,
        unclosed: lexer.unclosed,
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    unclosed: Option<Range<usize>>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes one token, which is at least one character long.
    fn token(&mut self, first: char) -> Kind {
        let rest = self.rest();
        match first {
            _ if first.is_whitespace() => self.take_while(Kind::Space, char::is_whitespace),
            '-' if rest.starts_with("--") => self.take_while(Kind::Comment, |next| next != '\n'),
            '/' if rest.starts_with("/*") => self.block_comment(),
            '\'' => self.quoted(Kind::Text, 0, '\'', false),
            'e' | 'E' if rest[1..].starts_with('\'') => self.quoted(Kind::Text, 1, '\'', true),
            '"' => self.quoted(Kind::QuotedName, 0, '"', false),
            '$' => self.dollar_quoted(),
            _ if first.is_ascii_digit() => self.number(),
            _ if first.is_alphabetic() || first == '_' => {
                self.take_while(Kind::Word, |next| next.is_alphanumeric() || matches!(next, '_' | '$'))
            }
            symbol => {
                self.at += symbol.len_utf8();
                Kind::Symbol(symbol)
            }
        }
    }

    fn take_while(&mut self, kind: Kind, belongs: impl Fn(char) -> bool) -> Kind {
        let rest = self.rest();
        self.at += rest.find(|next| !belongs(next)).unwrap_or(rest.len());
        kind
    }

    /// `1`, `1.5`; in `1..100` the number ends before the dots.
    fn number(&mut self) -> Kind {
        self.take_while(Kind::Number, |next| next.is_ascii_digit());
        let mut fraction = self.rest().chars();
        if fraction.next() == Some('.') && fraction.next().is_some_and(|next| next.is_ascii_digit()) {
            self.at += 1;
            self.take_while(Kind::Number, |next| next.is_ascii_digit());
        }
        Kind::Number
    }

    /// A quote, after `lead` bytes, to its end; a doubled quote is one character of it.
    fn quoted(&mut self, kind: Kind, lead: usize, quote: char, escapes: bool) -> Kind {
        let rest = self.rest();
        let mut characters = rest.char_indices().skip(lead + 1).peekable();
        while let Some((at, next)) = characters.next() {
            if escapes && next == '\\' {
                characters.next();
            } else if next == quote && characters.next_if(|(_, after)| *after == quote).is_none() {
                self.at += at + 1;
                return kind;
            }
        }
        self.unclosed_from(lead + 1);
        kind
    }

    fn dollar_quoted(&mut self) -> Kind {
        let rest = self.rest();
        let tag = rest[1..].find(|next: char| !(next.is_alphanumeric() || next == '_'));
        let tag = tag.and_then(|end| rest.get(..end + 2)).filter(|tag| tag.ends_with('$'));
        let Some(tag) = tag.filter(|tag| !tag[1..].starts_with(|first: char| first.is_ascii_digit())) else {
            self.at += 1;
            return Kind::Symbol('$');
        };
        match rest[tag.len()..].find(tag) {
            Some(end) => self.at += tag.len() * 2 + end,
            None => self.unclosed_from(tag.len()),
        }
        Kind::Text
    }

    /// SQL's comments nest.
    fn block_comment(&mut self) -> Kind {
        let rest = self.rest().as_bytes();
        let (mut depth, mut at) = (0_usize, 0);
        while let Some(pair) = rest.get(at..at + 2) {
            match pair {
                b"/*" => (depth, at) = (depth + 1, at + 2),
                b"*/" => (depth, at) = (depth - 1, at + 2),
                _ => at += 1,
            }
            if depth == 0 {
                self.at += at;
                return Kind::Comment;
            }
        }
        self.unclosed_from(2);
        Kind::Comment
    }

    /// What was opened by `opener` bytes takes all the rest.
    fn unclosed_from(&mut self, opener: usize) {
        self.unclosed = Some(self.at..self.at + opener);
        self.at = self.text.len();
    }
}
