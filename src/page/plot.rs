//! Plots as SVG, drawn by the server: they need no script, print, and are read out.

use maud::{Markup, html};

use super::number::short;

const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Lines across, at most.
const GRID: usize = 4;

/// A sheet to draw on. Letters are of one size on all of them, so that a small one suits a small screen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sheet {
    class: &'static str,
    width: f64,
    height: f64,
    /// Labels below, at most.
    labels: usize,
}

/// Each plot stands on both, of which the style shows the one that fits.
const SHEETS: [Sheet; 2] = [
    Sheet {
        class: "plot broad",
        width: 960.0,
        height: 260.0,
        labels: 6,
    },
    Sheet {
        class: "plot narrow",
        width: 400.0,
        height: 220.0,
        labels: 3,
    },
];

/// A place on a line; without a value, the line has a gap there, marked by why.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// What stands below it, such as a day.
    pub label: String,
    pub value: Option<f64>,
    /// What is said of it besides, such as the reason of a missing value.
    pub note: Option<String>,
}

/// Values over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    /// Unique on its page: titles are referred to by it.
    pub id: &'a str,
    pub title: &'a str,
    /// What the values are, such as `seconds`; may be empty.
    pub unit: &'a str,
    /// Oldest first.
    pub points: &'a [Point],
}

impl Line<'_> {
    /// The plot; a sentence where there is nothing to draw.
    pub fn draw(&self) -> Markup {
        let values: Vec<f64> = self.points.iter().filter_map(|point| point.value).collect();
        let Some(most) = values.iter().copied().reduce(f64::max) else {
            return html! { p.none { "There is no value to plot yet." } };
        };
        let least = values.iter().copied().fold(0.0_f64, f64::min);
        html! {
            @for sheet in SHEETS {
                (self.draw_on(sheet, &Scale::of(least, most, self.points.len(), sheet), &values))
            }
        }
    }

    fn draw_on(&self, sheet: Sheet, scale: &Scale, values: &[f64]) -> Markup {
        let id = format!("{}-{}", self.id, sheet.width);
        let (title, desc) = (format!("{id}-title"), format!("{id}-desc"));
        html! {
            svg class=(sheet.class) viewBox={ "0 0 " (sheet.width) " " (sheet.height) } role="img" aria-labelledby={ (title) " " (desc) } {
                title id=(title) { (self.title) }
                desc id=(desc) { (self.in_words(values)) }
                @for tick in scale.ticks() {
                    line.grid x1=(LEFT) x2=(sheet.width - RIGHT) y1=(at(scale.y(tick))) y2=(at(scale.y(tick))) {}
                    text.axis x=(LEFT - 6.0) y=(at(scale.y(tick) + 4.0)) text-anchor="end" { (short(tick)) }
                }
                @for (place, point) in self.labelled(sheet.labels) {
                    text.axis x=(at(scale.x(place))) y=(sheet.height - 8.0) text-anchor=(self.anchor(place)) { (point.label) }
                }
                @for stretch in self.stretches(scale) { polyline.line points=(stretch) {} }
                @for (place, point) in self.points.iter().enumerate() {
                    @match point.value {
                        Some(value) => circle.point cx=(at(scale.x(place))) cy=(at(scale.y(value))) r="3" {
                            title { (self.says(point)) }
                        },
                        None => text.gap x=(at(scale.x(place))) y=(at(scale.y(scale.bottom) - 4.0)) text-anchor="middle" {
                            "×" title { (self.says(point)) }
                        },
                    }
                }
            }
        }
    }

    fn in_words(&self, values: &[f64]) -> String {
        let (least, most) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
                (least.min(*value), most.max(*value))
            });
        let last = values.last().copied().unwrap_or_default();
        let without = self.points.len() - values.len();
        let mut text = format!(
            "{} values{}, from {} to {}; the last is {}.",
            values.len(),
            if self.unit.is_empty() {
                String::new()
            } else {
                format!(" in {}", self.unit)
            },
            short(least),
            short(most),
            short(last)
        );
        if without > 0 {
            text += &format!(" {without} without a value.");
        }
        text
    }

    fn says(&self, point: &Point) -> String {
        let value = point
            .value
            .map_or_else(|| "no value".to_owned(), |value| value.to_string());
        let unit = if point.value.is_some() && !self.unit.is_empty() {
            format!(" {}", self.unit)
        } else {
            String::new()
        };
        match &point.note {
            Some(note) => format!("{}: {value}{unit}, {note}", point.label),
            None => format!("{}: {value}{unit}", point.label),
        }
    }

    /// The points that have their labels below: evenly apart, the last always.
    fn labelled(&self, most: usize) -> impl Iterator<Item = (usize, &Point)> {
        let last = self.points.len().saturating_sub(1);
        let step = last.div_ceil(most - 1).max(1);
        let points = self.points.iter().enumerate();
        points.filter(move |(place, _)| (last - place).is_multiple_of(step))
    }

    fn anchor(&self, place: usize) -> &'static str {
        match place {
            _ if place + 1 == self.points.len() && place > 0 => "end",
            0 if self.points.len() > 1 => "start",
            _ => "middle",
        }
    }

    /// The line's coordinates, a stretch between gaps each.
    fn stretches(&self, scale: &Scale) -> Vec<String> {
        let mut stretches = vec![String::new()];
        for (place, point) in self.points.iter().enumerate() {
            match (point.value, stretches.last_mut()) {
                (Some(value), Some(stretch)) => {
                    *stretch += &format!("{},{} ", at(scale.x(place)), at(scale.y(value)));
                }
                _ => stretches.push(String::new()),
            }
        }
        stretches.retain(|stretch| !stretch.is_empty());
        stretches
    }
}

/// From values to places.
struct Scale {
    bottom: f64,
    step: f64,
    lines: usize,
    points: usize,
    sheet: Sheet,
}

impl Scale {
    fn of(least: f64, most: f64, points: usize, sheet: Sheet) -> Scale {
        let span = (most - least).max(f64::MIN_POSITIVE);
        let step = round_step(span / GRID as f64);
        let bottom = (least / step).floor() * step;
        let lines = (((most - bottom) / step).ceil() as usize).max(1);
        Scale {
            bottom,
            step,
            lines,
            points,
            sheet,
        }
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (0..=self.lines).map(|line| self.bottom + line as f64 * self.step)
    }

    fn x(&self, place: usize) -> f64 {
        let width = self.sheet.width - LEFT - RIGHT - 8.0;
        match self.points {
            0 | 1 => LEFT + 4.0 + width / 2.0,
            points => LEFT + 4.0 + width * place as f64 / (points - 1) as f64,
        }
    }

    fn y(&self, value: f64) -> f64 {
        let height = self.sheet.height - TOP - BOTTOM;
        let part = (value - self.bottom) / (self.lines as f64 * self.step);
        TOP + height * (1.0 - part)
    }
}

/// The next of 1, 2 and 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    if !step.is_finite() || step < 1e-9 {
        return 1.0;
    }
    let power = 10_f64.powf(step.log10().floor());
    let lead = step / power;
    let round = [1.0, 2.0, 5.0].into_iter().find(|round| lead <= *round + 1e-9);
    round.unwrap_or(10.0) * power
}

/// A coordinate, to a tenth.
fn at(place: f64) -> String {
    format!("{place:.1}")
}

/// One bar, and what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub label: String,
    /// Where the label leads.
    pub href: Option<String>,
    pub value: f64,
    /// The value as it is written.
    pub text: String,
}

/// Values side by side: a table whose rows have bars, so that it reads without seeing them.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars<'a> {
    pub caption: &'a str,
    /// The heads of the two columns.
    pub heads: [&'a str; 2],
    pub bars: &'a [Bar],
}

impl Bars<'_> {
    pub fn draw(&self) -> Markup {
        let most = self.bars.iter().map(|bar| bar.value).fold(0.0_f64, f64::max);
        let width = |value: f64| {
            if most > 0.0 {
                (value.max(0.0) / most * 100.0).max(0.5)
            } else {
                0.0
            }
        };
        html! {
            @if self.bars.is_empty() { p.none { "There is nothing to show yet." } } @else {
                table.bars {
                    caption { (self.caption) }
                    thead { tr { th scope="col" { (self.heads[0]) } th.number scope="col" { (self.heads[1]) } td.bar {} } }
                    tbody {
                        @for bar in self.bars {
                            tr {
                                th scope="row" {
                                    @match &bar.href {
                                        Some(href) => a href=(href) { (bar.label) },
                                        None => (bar.label),
                                    }
                                }
                                td.number { (bar.text) }
                                td.bar {
                                    svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                                        rect width=(at(width(bar.value))) height="8" {}
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
