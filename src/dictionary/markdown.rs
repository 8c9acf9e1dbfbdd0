//! The dictionary as one Markdown document: contents, then a section a metric, so that a change of a definition is a change
//! of its section alone.

use super::field::fields;
use super::sql::in_lines;
use super::{AggregateEntry, ClassEntry, Dictionary, EventEntry, MetricEntry};

pub fn markdown(dictionary: &Dictionary) -> String {
    let mut text = String::from("# Metrics dictionary\n\n");
    text += &format!(
        "Statements are written for a run at {}.\n",
        dictionary.written_for.format("%Y-%m-%dT%H:%M:%SZ")
    );
    contents(&mut text, dictionary);
    text += "\n## Metrics\n";
    dictionary
        .metrics
        .iter()
        .for_each(|metric| of_metric(&mut text, metric));
    section(&mut text, "Events", &dictionary.events, of_event);
    section(&mut text, "Classes", &dictionary.classes, of_class);
    section(&mut text, "Aggregates", &dictionary.aggregates, of_aggregate);
    text
}

fn contents(text: &mut String, dictionary: &Dictionary) {
    *text += "\n## Contents\n\n";
    for metric in &dictionary.metrics {
        let mark = if metric.is_removed() { " (removed)" } else { "" };
        *text += &format!("- {}{mark}\n", link(&metric.key_path));
    }
}

fn section<T>(text: &mut String, title: &str, entries: &[T], each: fn(&mut String, &T)) {
    if entries.is_empty() {
        return;
    }
    *text += &format!("\n## {title}\n");
    entries.iter().for_each(|entry| each(text, entry));
}

fn of_metric(text: &mut String, metric: &MetricEntry) {
    let measured = &metric.measured;
    heading(text, &metric.key_path, &metric.key_path);
    paragraph(text, &metric.description);
    paragraph(text, &format!("{} {}", measured.counts, measured.window));
    for statement in &measured.statements {
        *text += &fenced("sql", &in_lines(statement));
    }
    text.push('\n');
    item(text, "Status", &code(metric.status));
    item(text, "Time frame", &code(metric.time_frame));
    item(text, "Source", &code(metric.data_source));
    item(
        text,
        "Owner",
        &metric.owner.as_deref().map_or("nobody named".to_owned(), escaped),
    );
    item(text, "Parts", &links(&measured.parts));
    item(text, "Events", &codes(&measured.events));
    item(text, "Class", &codes(&measured.classes));
    for field in fields(metric) {
        item(text, field.label, &code(&field.value));
    }
    item(text, "File", &code(&metric.file));
    for change in &metric.history {
        item(
            text,
            &change.date,
            &format!("{} ({})", escaped(&change.subject), change.commit),
        );
    }
}

fn of_event(text: &mut String, event: &EventEntry) {
    heading(text, &format!("event-{}", event.name), &event.name);
    if event.removed {
        paragraph(text, "Removed.");
    }
    paragraph(text, event.description.as_deref().unwrap_or_default());
    text.push('\n');
    for (name, value) in &event.remarks {
        item(text, &capitalised(name), &code(value));
    }
    for (name, meaning) in &event.properties {
        item(
            text,
            &format!("Property {}", code(name)),
            &escaped(meaning.as_deref().unwrap_or("no description")),
        );
    }
    item(text, "File", &code(event.file.as_deref().unwrap_or_default()));
    item(text, "Counted by", &links(&event.used_by));
}

fn of_class(text: &mut String, class: &ClassEntry) {
    heading(text, &format!("class-{}", class.name), &class.name);
    paragraph(text, class.description.as_deref().unwrap_or_default());
    text.push('\n');
    for (name, kind) in &class.parameters {
        item(text, &format!("Option {}", code(name)), &escaped(kind));
    }
    item(text, "File", &code(&class.file));
    item(text, "Measures", &links(&class.used_by));
}

fn of_aggregate(text: &mut String, aggregate: &AggregateEntry) {
    heading(text, &format!("aggregate-{}", aggregate.name), &aggregate.name);
    paragraph(text, aggregate.description.as_deref().unwrap_or_default());
    text.push('\n');
    item(text, "Operator", &code(aggregate.operator));
    item(text, "Source", &code(aggregate.source));
    item(text, "Time frames", &code(&aggregate.time_frames.join(", ")));
    item(text, "Sets", &codes(&aggregate.events));
    item(
        text,
        "Feature flag",
        &aggregate.feature_flag.as_deref().map(code).unwrap_or_default(),
    );
    item(text, "File", &code(&aggregate.file));
    item(text, "Metrics", &links(&aggregate.used_by));
}

fn heading(text: &mut String, anchor: &str, title: &str) {
    *text += &format!("\n### {}\n\n<a id=\"{}\"></a>\n", code(title), attribute(anchor));
}

fn paragraph(text: &mut String, words: &str) {
    let words = words.trim();
    if !words.is_empty() {
        *text += &format!("\n{}\n", escaped(words));
    }
}

/// A line of a list, unless there is nothing to say.
fn item(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        *text += &format!("- {name}: {value}\n");
    }
}

fn link(key_path: &str) -> String {
    format!("[{}](#{})", code(key_path), in_url(key_path))
}

fn links(key_paths: &[String]) -> String {
    let links: Vec<String> = key_paths.iter().map(|key_path| link(key_path)).collect();
    links.join(", ")
}

fn codes(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| code(name)).collect();
    names.join(", ")
}

/// Text that Markdown takes for nothing but text, on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    // A line that begins with these would be a list.
    match escaped.chars().next() {
        Some('-' | '+') => format!("\\{escaped}"),
        _ => escaped,
    }
}

/// A span of code; its fence is longer than any run of backticks in it.
fn code(text: &str) -> String {
    let text = one_line(text);
    if text.is_empty() {
        return text;
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("\n{fence}{language}\n{text}\n{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

/// An anchor in a link: what would end the link is written as its bytes.
fn in_url(text: &str) -> String {
    let mut url = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => url.push(char::from(byte)),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
