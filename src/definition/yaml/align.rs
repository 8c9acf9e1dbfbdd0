//! From a place in a scalar's value to the place in the file.

use std::ops::Range;

/// The bytes of `raw` (a scalar as written: with its quotes, without a block's header) that give `part` of its value.
///
/// Exact for plain, quoted and block scalars, folded or not: value and text differ only in white space, doubled quotes
/// and escapes of the character itself. `None` where they differ in more, as with `\u00e9`.
pub(super) fn align(raw: &str, value: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let mut cursor = Cursor { raw, at: 0 };
    let (mut start, mut end) = (None, None);
    for (offset, character) in value.char_indices() {
        if character.is_whitespace() {
            continue;
        }
        let found = cursor.find(character)?;
        if offset >= part.start && start.is_none() {
            start = Some(found);
        }
        if offset < part.end {
            end = Some(found + character.len_utf8());
        }
    }
    let start = start.or(end)?;
    Some(start..end.unwrap_or(start).max(start))
}

struct Cursor<'a> {
    raw: &'a str,
    at: usize,
}

impl Cursor<'_> {
    /// Goes past the next `wanted`, over nothing but white space, quotes and backslashes, and says where it stood.
    fn find(&mut self, wanted: char) -> Option<usize> {
        let mut previous = None;
        for (offset, character) in self.raw[self.at..].char_indices() {
            let found = self.at + offset;
            if character == wanted && !self.opens_escape(found, wanted, previous) {
                self.at = found + character.len_utf8();
                return Some(found);
            }
            if !character.is_whitespace() && !matches!(character, '\'' | '"' | '\\') {
                return None;
            }
            previous = Some(character);
        }
        None
    }

    /// Whether the character here is the first of `''`, `\\`, or the quote that opens the scalar.
    fn opens_escape(&self, found: usize, wanted: char, previous: Option<char>) -> bool {
        let opening = found == 0 && matches!(wanted, '\'' | '"');
        let next = self.raw[found + wanted.len_utf8()..].chars().next();
        let single = self.raw.starts_with('\'') && wanted == '\'';
        let double = self.raw.starts_with('"') && wanted == '\\';
        opening || ((single || double) && next == Some(wanted) && previous != Some(wanted))
    }
}
