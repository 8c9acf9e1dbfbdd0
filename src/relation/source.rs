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

/// How long a chain such as `a AND b AND …` may be, in operators and keywords, those of the brackets around it included.
/// The parser builds a chain as a tree that is one level deeper for each link, without recursing itself, so its own limit
/// does not see it; copying, comparing and dropping the tree do recurse. 2 MiB of stack hold 400 levels in a debug build.
const MAX_CHAIN: usize = 300;

/// What a join or UNION counts for in a chain: each level of these takes far more stack than an operator's.
const WIDE_LINK: usize = 16;

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

    pub(super) fn text(&self) -> &'a str {
        self.text
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

    /// A range, begun at the last of some keywords before it.
    pub(super) fn led_by(&self, range: Range<usize>, keywords: &[Keyword]) -> Range<usize> {
        let leads = |token: &Token| matches!(token, Token::Word(word) if keywords.contains(&word.keyword));
        let starts = self
            .tokens
            .iter()
            .filter(|token| leads(&token.token))
            .map(|token| offset(self.text, token.span.start));
        let start = starts
            .take_while(|start| *start < range.start)
            .last()
            .unwrap_or(range.start);
        start..range.end
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
        for TokenWithSpan { token, span } in &self.tokens {
            match token {
                Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
                Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
                token if depth == 0 && wanted(token) => return self.range(*span),
                _ => {}
            }
        }
        None
    }

    fn check_tokens(&self) -> Result<(), RelationError> {
        let mut chains = Chains::default();
        for TokenWithSpan { token, span } in &self.tokens {
            chains.follow(token);
            let refusal = if *token == Token::SemiColon {
                RelationError::new("`;` does not belong here").help("write one statement, without a `;`")
            } else if chains.nesting() > MAX_NESTING {
                RelationError::new(format!("brackets are nested deeper than {MAX_NESTING} levels"))
                    .help("write it with fewer levels, or as a view of the database")
            } else if chains.length() > MAX_CHAIN {
                RelationError::new(format!("a chain of more than {MAX_CHAIN} operators and keywords"))
                    .help("write alternatives as IN (…), or make it a view of the database")
            } else {
                continue;
            };
            return Err(refusal.at(self.range(*span)));
        }
        Ok(())
    }
}

/// Follows tokens, and keeps an upper bound of the depth of the tree that they make.
#[derive(Default)]
struct Chains {
    /// The levels around the innermost open bracket.
    outer: Vec<Chain>,
    current: Chain,
    /// UNION and its like, whose sides hold lists; these are never forgotten.
    set_operations: usize,
}

/// The chain inside one pair of brackets.
#[derive(Default)]
struct Chain {
    /// In the present item of a list.
    item: usize,
    /// In the longest item before it.
    longest: usize,
}

impl Chains {
    fn follow(&mut self, token: &Token) {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => self.outer.push(std::mem::take(&mut self.current)),
            Token::RParen | Token::RBracket | Token::RBrace => {
                if let Some(outer) = self.outer.pop() {
                    let inner = std::mem::replace(&mut self.current, outer);
                    // What follows may be put around the brackets.
                    self.current.item += inner.longest.max(inner.item) + 1;
                }
            }
            // Items of a list stand beside each other.
            Token::Comma => {
                self.current.longest = self.current.longest.max(self.current.item);
                self.current.item = 0;
            }
            Token::Word(word) if is_set_operation(word.keyword) => self.set_operations += WIDE_LINK,
            Token::Word(word) if word.keyword == Keyword::JOIN => self.current.item += WIDE_LINK,
            token => self.current.item += usize::from(deepens(token)),
        }
    }

    fn nesting(&self) -> usize {
        self.outer.len()
    }

    fn length(&self) -> usize {
        self.outer.iter().map(|chain| chain.item).sum::<usize>() + self.current.item + self.set_operations
    }
}

fn is_set_operation(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::MINUS
    )
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
