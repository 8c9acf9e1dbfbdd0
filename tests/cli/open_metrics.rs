//! A strict reader of OpenMetrics' text format 1.0, written from its specification and not from our writer.

use std::collections::{BTreeMap, BTreeSet};

/// One family of metrics.
#[derive(Debug, Default, Clone)]
pub struct Family {
    pub kind: String,
    pub unit: String,
    pub help: String,
    pub samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// Reads a document; panics, saying where, at the first rule that it breaks.
pub fn read(text: &str) -> BTreeMap<String, Family> {
    let body = text.strip_suffix("# EOF\n").expect("the document ends in # EOF");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut seen = BTreeSet::new();
    for line in body.strip_suffix('\n').unwrap_or_default().split('\n') {
        assert!(!line.is_empty() && line.trim() == line, "white space: {line:?}");
        let Some(described) = line.strip_prefix("# ") else {
            let sample = sample(line);
            let family = families
                .get_mut(&current)
                .unwrap_or_else(|| panic!("no family before {line}"));
            check(&current, family, &sample);
            assert!(
                seen.insert((sample.name.clone(), sample.labels.clone())),
                "twice: {line}"
            );
            family.samples.push(sample);
            continue;
        };
        let mut words = described.splitn(3, ' ');
        let (word, name, rest) = (
            words.next().unwrap(),
            words.next().unwrap(),
            words.next().expect("a text"),
        );
        if name != current {
            assert!(!families.contains_key(name), "{name} is described in two places");
            assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "{name}");
            name.to_owned().clone_into(&mut current);
            families.insert(name.to_owned(), Family::default());
        }
        let family = families.get_mut(name).unwrap();
        assert!(family.samples.is_empty(), "described after its samples: {line}");
        let part = match word {
            "TYPE" => &mut family.kind,
            "UNIT" => &mut family.unit,
            "HELP" => &mut family.help,
            _ => panic!("an unknown description: {line}"),
        };
        assert!(part.is_empty(), "said twice: {line}");
        rest.clone_into(part);
    }
    for (name, family) in &families {
        assert!(
            ["gauge", "counter", "info", "stateset"].contains(&family.kind.as_str()),
            "{name}: {}",
            family.kind
        );
        assert!(!family.help.is_empty(), "{name} has no help");
        assert!(
            family.unit.is_empty() || name.ends_with(&format!("_{}", family.unit)),
            "{name} in {}",
            family.unit
        );
    }
    families
}

fn check(name: &str, family: &Family, sample: &Sample) {
    let suffix = match family.kind.as_str() {
        "info" => "_info",
        "counter" => "_total",
        _ => "",
    };
    assert_eq!(sample.name, format!("{name}{suffix}"));
    if ["info", "stateset"].contains(&family.kind.as_str()) {
        assert!(
            sample.value == 1.0 || sample.value == 0.0 && family.kind == "stateset",
            "{sample:?}"
        );
        assert!(family.unit.is_empty(), "{name} has a unit");
    }
    if family.kind == "stateset" {
        assert!(sample.labels.contains_key(name), "{sample:?}");
    }
}

fn sample(line: &str) -> Sample {
    let name_end = line.find(['{', ' ']).expect("a value");
    let (name, mut rest) = line.split_at(name_end);
    assert!(
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':'),
        "{line}"
    );
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label");
            assert!(label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{line}");
            let (value, after) = quoted(after);
            assert!(
                labels.insert(label.to_owned(), value).is_none(),
                "{label} twice: {line}"
            );
            match after.split_at(1) {
                (",", more) => rest = more,
                ("}", more) => {
                    rest = more;
                    break;
                }
                _ => panic!("{line}"),
            }
        }
    }
    let value = rest.strip_prefix(' ').expect("one space before the value");
    assert!(!value.contains(' '), "{line}");
    Sample {
        name: name.to_owned(),
        labels,
        value: value.parse().unwrap_or_else(|error| panic!("{error}: {line}")),
    }
}

/// What stands before the closing quote, and what follows it.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match letters.next().expect("an escaped letter").1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                other => panic!("\\{other}"),
            }),
            letter => value.push(letter),
        }
    }
    panic!("no closing quote: {text}")
}
