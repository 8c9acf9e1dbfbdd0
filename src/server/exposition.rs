//! OpenMetrics' text format, version 1.0: families with their descriptions, samples with escaped labels, and the end.

use std::fmt::Write;

/// What kind of numbers a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
    StateSet,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::Info => "info",
            Kind::StateSet => "stateset",
        }
    }
}

/// A document that is being written.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

/// One family, to which samples are added.
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
    suffix: &'static str,
}

impl Exposition {
    /// A family; its unit is the last part of its name, or empty.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, unit: &str, help: &str) -> Family<'_> {
        let text = &mut self.text;
        put(text, format_args!("# TYPE {name} {}\n", kind.name()));
        if !unit.is_empty() {
            put(text, format_args!("# UNIT {name} {unit}\n"));
        }
        put(text, format_args!("# HELP {name} {}\n", escaped(help)));
        let suffix = match kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram | Kind::StateSet => "",
        };
        Family { text, name, suffix }
    }

    /// A family of one sample without labels.
    pub(super) fn gauge(&mut self, name: &'static str, unit: &str, help: &str, value: f64) {
        self.family(name, Kind::Gauge, unit, help).sample(&[], value);
    }

    /// The whole document.
    pub(super) fn end(mut self) -> String {
        self.text.push_str("# EOF\n");
        self.text
    }
}

impl Family<'_> {
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        self.line(self.suffix, labels, value);
    }

    /// How many were no more than each bound, what all add up to, and how many they were.
    pub(super) fn histogram(&mut self, buckets: &[(f64, u64)], sum: f64, count: u64) {
        for (bound, within) in buckets {
            // Bounds are floats in their canonical form.
            self.line("_bucket", &[("le", &format!("{bound:?}"))], *within as f64);
        }
        self.line("_bucket", &[("le", "+Inf")], count as f64);
        self.line("_sum", &[], sum);
        self.line("_count", &[], count as f64);
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], value: f64) {
        put(self.text, format_args!("{}{suffix}", self.name));
        for (nth, (name, value)) in labels.iter().enumerate() {
            let before = if nth == 0 { '{' } else { ',' };
            put(self.text, format_args!("{before}{name}=\"{}\"", escaped(value)));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        put(self.text, format_args!("{after} {value}\n"));
    }
}

/// Writing to a string cannot fail.
fn put(text: &mut String, written: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(written);
}

/// Backslashes, quotes and line ends, as label values and help texts spell them.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
