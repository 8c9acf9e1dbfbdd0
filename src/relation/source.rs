//! The text of a relation as tokens: its limits, and the way from a token's place back to byte offsets.

use std::ops::Range;

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::RelationError;

/// The longest text that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// How deep brackets may stand in each other.
const MAX_NESTING: usize = 40;

/// How many operators and keywords a text may have. The parser builds chains such as `a AND b AND …` as a tree one level
/// deeper for each link, without recursing itself, so its own limit does not see them; every later walk over the tree does.
const MAX_OPERATORS: usize = 1_000;

/// A text and its tokens, white space and comments included.
pub(super) struct Source<'a> {
    text: &'a str,
    tokens: Vec<TokenWithSpan>,
}

impl<'a> Source<'a> {
    /// Split a text into tokens, and refuse what could not be parsed safely.
    pub(super) fn read(text: &'a str) -> Result<Source<'a>, RelationError> {
        check_bytes(text)?;
        let tokens = tokenize(text)?;
        let source = Source { text, tokens };
        source.check_tokens()?;
        Ok(source)
    }

    pub(super) fn tokens(&self) -> &[TokenWithSpan] {
        &self.tokens
    }

    /// The bytes that a span of the tree covers; `None` where the tree kept no place.
    pub(super) fn range(&self, span: Span) -> Option<Range<usize>> {
        if span.start.line == 0 {
            return None;
        }
        let start = offset(self.text, span.start);
        Some(start..offset(self.text, span.end).max(start))
    }

    /// The token that starts at a place, or the end of the text.
    pub(super) fn token_at(&self, location: Location) -> Range<usize> {
        let start = offset(self.text, location);
        let token = self.tokens.iter().find(|token| token.span.start == location);
        start..token.map_or(start, |token| offset(self.text, token.span.end).max(start))
    }

    /// The first occurrence of a keyword outside all brackets.
    pub(super) fn keyword(&self, keyword: Keyword) -> Option<Range<usize>> {
        self.outside_brackets(|token| matches!(token, Token::Word(word) if word.keyword == keyword))
    }

    /// The first comma outside all brackets.
    pub(super) fn comma(&self) -> Option<Range<usize>> {
        self.outside_brackets(|token| *token == Token::Comma)
    }

    fn outside_brackets(&self, wanted: impl Fn(&Token) -> bool) -> Option<Range<usize>> {
        let mut depth = 0_usize;
        for token in &self.tokens {
            match bracket(&token.token) {
                Some(Bracket::Opens) => depth += 1,
                Some(Bracket::Closes) => depth = depth.saturating_sub(1),
                None if depth == 0 && wanted(&token.token) => return self.range(token.span),
                None => {}
            }
        }
        None
    }

    fn check_tokens(&self) -> Result<(), RelationError> {
        let (mut depth, mut operators) = (0_usize, 0_usize);
        for TokenWithSpan { token, span } in &self.tokens {
            match bracket(token) {
                Some(Bracket::Opens) => depth += 1,
                Some(Bracket::Closes) => depth = depth.saturating_sub(1),
                None => operators += usize::from(deepens(token)),
            }
            if *token == Token::SemiColon {
                return Err(RelationError::new("`;` does not belong here")
                    .help("write one statement, without a `;`")
                    .at(self.range(*span)));
            }
            if depth > MAX_NESTING {
                return Err(
                    RelationError::new(format!("brackets are nested deeper than {MAX_NESTING} levels"))
                        .help("write it with fewer levels, or as a view of the database")
                        .at(self.range(*span)),
                );
            }
            if operators > MAX_OPERATORS {
                return Err(
                    RelationError::new(format!("more than {MAX_OPERATORS} operators and keywords"))
                        .help("write alternatives as IN (…), or make it a view of the database")
                        .at(self.range(*span)),
                );
            }
        }
        Ok(())
    }
}

fn check_bytes(text: &str) -> Result<(), RelationError> {
    if text.len() > MAX_BYTES {
        return Err(RelationError::new(format!("the text is longer than {MAX_BYTES} bytes"))
            .help("make it a view of the database"));
    }
    match text.find('\0') {
        Some(at) => Err(RelationError::new("the text holds a NUL character")
            .help("remove it")
            .at(Some(at..at + 1))),
        None => Ok(()),
    }
}

fn tokenize(text: &str) -> Result<Vec<TokenWithSpan>, RelationError> {
    Tokenizer::new(&PostgreSqlDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| {
            let start = offset(text, error.location);
            let message = error.message.trim().to_owned();
            RelationError::new(lower_first(&message))
                .help("close every quote and comment that is opened")
                .at(Some(start..text.len().max(start)))
        })
}

/// A message as the house writes it: without a capital at the start, unless it starts with a word in capitals.
pub(super) fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if second.is_uppercase() => format!("{first}{second}{}", characters.as_str()),
        (Some(first), second) => first.to_lowercase().chain(second).collect::<String>() + characters.as_str(),
        (None, _) => String::new(),
    }
}

enum Bracket {
    Opens,
    Closes,
}

fn bracket(token: &Token) -> Option<Bracket> {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => Some(Bracket::Opens),
        Token::RParen | Token::RBracket | Token::RBrace => Some(Bracket::Closes),
        _ => None,
    }
}

/// Whether a token can make the tree deeper. Lists of values and dotted names cannot.
fn deepens(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword && word.quote_style.is_none(),
        Token::Number(..) | Token::Comma | Token::Period | Token::Whitespace(_) | Token::Placeholder(_) => false,
        Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) | Token::DollarQuotedString(_) => false,
        Token::UnicodeStringLiteral(_) | Token::NationalStringLiteral(_) | Token::HexStringLiteral(_) => false,
        _ => true,
    }
}

/// The byte offset of a place: lines and columns are counted from one, columns in characters.
fn offset(text: &str, location: Location) -> usize {
    let (mut line, mut column) = (1, 1);
    for (at, character) in text.char_indices() {
        if (line, column) >= (location.line, location.column) {
            return at;
        }
        match character {
            '\n' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
    }
    text.len()
}
