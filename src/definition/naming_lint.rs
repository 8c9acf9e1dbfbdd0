//! Names that are spelt oddly, or promise a window.

use serde_json::Value;

use super::code::Code;
use super::complaint::{At, Complaint};
use super::metric_reading::frames_of;
use super::{DatabaseBody, MetricDefinition, TimeFrame};

/// What parts of key paths say of the window, as GitLab names them.
const PROMISES: [(&str, TimeFrame); 4] = [
    ("_weekly", TimeFrame::SevenDays),
    ("_monthly", TimeFrame::TwentyEightDays),
    ("_7d", TimeFrame::SevenDays),
    ("_28d", TimeFrame::TwentyEightDays),
];

/// How many of them hold for sections as well: `counts_weekly.issues`.
const OF_SECTIONS: usize = 2;

/// A key path that is spelt as none of GitLab's is; what the metric's body counts suggests a better one.
pub(super) fn spelling(metric: &MetricDefinition, body: Option<&DatabaseBody>) -> Option<Complaint> {
    let written = metric.attributes.get("key_path")?.as_str()?;
    let usual = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.".contains(letter);
    let (start, odd) = written.char_indices().find(|(_, letter)| !usual(*letter))?;
    let message = match odd {
        '<' | '>' => "the key path still holds a prompt of the generator".to_owned(),
        odd => format!("the key path holds `{odd}`"),
    };
    let mut help = "key paths are lower-case letters, digits and underscores, with dots between their parts".to_owned();
    if let Some(name) = body.and_then(DatabaseBody::suggested_name) {
        help += &format!("; the query suggests `{name}`");
    }
    let complaint = Complaint::warning(Code::KeyPathStyle, &["key_path".into()], message);
    Some(complaint.at(At::Part(start..start + odd.len_utf8())).with_help(help))
}

/// A key path that promises one window, and a time frame that is another.
pub(super) fn window(metric: &MetricDefinition) -> Option<Complaint> {
    let written = metric.attributes.get("key_path")?.as_str()?;
    let frames = metric.attributes.get("time_frame")?;
    let (ending, promised, place) = promise(written)?;
    let (message, help) = match frames {
        Value::Array(_) => (
            format!("the key path says `{ending}`, and each frame of the list adds its own ending"),
            format!("take `{ending}` off: 7d adds `_weekly`, 28d `_monthly`"),
        ),
        _ if frames_of(frames) == [promised] => return None,
        _ => (
            format!(
                "the key path says `{ending}`, and the time frame is `{}`",
                metric.time_frame.as_str()
            ),
            format!("write `time_frame: {}`, or choose another key path", promised.as_str()),
        ),
    };
    let complaint = Complaint::warning(Code::NameTimeFrameMismatch, &["key_path".into()], message);
    Some(complaint.at(At::Part(place)).with_help(help))
}

/// The ending, what it promises, and where it stands. The last part of a path tells more than the sections before it.
fn promise(key_path: &str) -> Option<(&'static str, TimeFrame, std::ops::Range<usize>)> {
    let mut end = key_path.len();
    for (distance, part) in key_path.rsplit('.').enumerate() {
        let promises = if distance == 0 {
            &PROMISES[..]
        } else {
            &PROMISES[..OF_SECTIONS]
        };
        let found = promises.iter().find(|(ending, _)| part.ends_with(ending));
        if let Some((ending, frame)) = found {
            return Some((ending, *frame, end - ending.len()..end));
        }
        end = end.saturating_sub(part.len() + 1);
    }
    None
}
