//! Files that list entries: what is wrong with one of them leaves the others alone.

use serde_json::Value;

use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::yaml::Document;

/// The entries of a list file: those that can be used, and what is wrong with the others.
#[derive(Debug)]
pub(super) struct Entries<T> {
    /// Each with its place in the list.
    pub usable: Vec<(usize, T)>,
    pub complaints: Vec<Complaint>,
    /// The places of those that cannot be used.
    pub broken: Vec<usize>,
}

/// Reads every entry of `document` with `read`.
pub(super) fn read<T>(document: &Document, read: impl Fn(&Value) -> Result<T, Vec<Complaint>>) -> Entries<T> {
    let mut entries = Entries {
        usable: Vec::new(),
        complaints: Vec::new(),
        broken: Vec::new(),
    };
    let Value::Array(items) = &document.value else {
        let complaint = Complaint::error(Code::WrongType, &[], "the file is not a list");
        entries
            .complaints
            .push(complaint.with_help("begin each entry with `- name:`"));
        return entries;
    };
    for (index, item) in items.iter().enumerate() {
        match read_one(item, &read) {
            Ok(entry) if !has_key_twice(document, index) => entries.usable.push((index, entry)),
            Ok(_) => entries.broken.push(index),
            Err(complaints) => {
                let here = complaints
                    .into_iter()
                    .map(|complaint| complaint.under(&[Segment::Index(index)]));
                entries.complaints.extend(here);
                entries.broken.push(index);
            }
        }
    }
    entries
}

fn read_one<T>(item: &Value, read: impl Fn(&Value) -> Result<T, Vec<Complaint>>) -> Result<T, Vec<Complaint>> {
    if item.is_object() {
        return read(item);
    }
    let complaint = Complaint::error(Code::WrongType, &[], "an entry of the list is not a mapping");
    Err(vec![complaint.with_help("give it a `name:` and its other fields")])
}

/// Two values of one key leave it open which was meant.
fn has_key_twice(document: &Document, index: usize) -> bool {
    if document.problems.is_empty() {
        return false;
    }
    let entry = document.locate(&[Segment::Index(index)], &At::Value);
    document
        .problems
        .iter()
        .any(|problem| entry.contains(&problem.span.start))
}
