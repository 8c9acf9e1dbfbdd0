//! OTLP's trace messages, by the field numbers of its specification.

use std::collections::BTreeMap;

use crate::wire::{Field, fields};

/// What a collector was told in one request.
#[derive(Debug, Default)]
pub struct Told {
    pub resource: BTreeMap<String, String>,
    pub spans: Vec<Span>,
}

#[derive(Debug, Default, Clone)]
pub struct Span {
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    /// 1 internal, 3 client.
    pub kind: u64,
    pub start: u64,
    pub end: u64,
    /// Texts as they are, numbers in digits.
    pub attributes: BTreeMap<String, String>,
    pub links: Vec<String>,
    /// 1 ok, 2 error.
    pub code: u64,
    pub message: String,
}

impl Span {
    pub fn get(&self, name: &str) -> &str {
        let found = self.attributes.get(&format!("service_ping.{name}"));
        found.unwrap_or_else(|| panic!("no {name} in {self:#?}"))
    }

    /// Whether the time of the other is within ours.
    pub fn holds(&self, other: &Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// Reads a request; panics at what the specification does not have.
pub fn read(body: &[u8]) -> Told {
    let mut told = Told::default();
    for (number, of_resource) in fields(body) {
        assert_eq!(number, 1, "ExportTraceServiceRequest.resource_spans");
        for (number, part) in fields(of_resource.bytes()) {
            match number {
                1 => told.resource = resource(part.bytes()),
                2 => told.spans.extend(scope(part.bytes())),
                _ => panic!("ResourceSpans.{number}"),
            }
        }
    }
    told
}

fn resource(bytes: &[u8]) -> BTreeMap<String, String> {
    let parts = fields(bytes).into_iter();
    let parts = parts.map(|(number, part)| {
        assert_eq!(number, 1, "Resource.attributes");
        pair(part.bytes())
    });
    parts.collect()
}

fn scope(bytes: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (number, part) in fields(bytes) {
        match number {
            1 => assert!(fields(part.bytes()).contains(&(1, Field::Bytes(b"service-ping".to_vec())))),
            2 => spans.push(span(part.bytes())),
            _ => panic!("ScopeSpans.{number}"),
        }
    }
    spans
}

fn span(bytes: &[u8]) -> Span {
    let mut span = Span::default();
    for (number, part) in fields(bytes) {
        match number {
            1 => span.trace = hex(part.bytes(), 16),
            2 => span.id = hex(part.bytes(), 8),
            4 => span.parent = hex(part.bytes(), 8),
            5 => span.name = part.text(),
            6 => span.kind = part.varint(),
            7 => span.start = part.fixed64(),
            8 => span.end = part.fixed64(),
            9 => {
                let (name, value) = pair(part.bytes());
                let before = span.attributes.insert(name.clone(), value);
                assert!(before.is_none(), "{name} twice");
            }
            13 => span.links.push(link(part.bytes())),
            15 => status(part.bytes(), &mut span),
            16 => assert_eq!(part, Field::Fixed32(0x101), "sampled, of this process"),
            _ => panic!("Span.{number}"),
        }
    }
    span
}

fn link(bytes: &[u8]) -> String {
    let parts = fields(bytes);
    let id = parts.iter().find(|(number, _)| *number == 2);
    hex(id.expect("Link.span_id").1.bytes(), 8)
}

fn status(bytes: &[u8], span: &mut Span) {
    for (number, part) in fields(bytes) {
        match number {
            2 => span.message = part.text(),
            3 => span.code = part.varint(),
            _ => panic!("Status.{number}"),
        }
    }
}

fn pair(bytes: &[u8]) -> (String, String) {
    let (mut name, mut value) = (String::new(), String::new());
    for (number, part) in fields(bytes) {
        match number {
            1 => name = part.text(),
            2 => {
                let any = fields(part.bytes());
                let [(number, any)] = any.as_slice() else {
                    panic!("one value: {any:?}");
                };
                value = match number {
                    1 => any.text(),
                    2 => (any.varint() == 1).to_string(),
                    3 => any.varint().cast_signed().to_string(),
                    _ => panic!("AnyValue.{number}"),
                };
            }
            _ => panic!("KeyValue.{number}"),
        }
    }
    (name, value)
}

fn hex(bytes: &[u8], length: usize) -> String {
    assert_eq!(bytes.len(), length, "{bytes:?}");
    assert!(bytes.iter().any(|byte| *byte != 0), "an id of zeros");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
