//! "Did you mean": the known name closest to a misspelt one.

/// Names less alike than this have nothing to do with each other.
const ALIKE: f64 = 0.7;

/// The closest of `known`, if it is close enough to be what was meant: at most a third of its letters differ.
pub(super) fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let letters = wrong.chars().count();
    known
        .into_iter()
        .filter(|name| name.chars().count().abs_diff(letters) <= furthest(name))
        .map(|name| (strsim::osa_distance(&wrong, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= furthest(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Whether two names differ by one letter, or by two that changed places; digits tell names apart on purpose.
pub(super) fn is_one_letter_off(name: &str, known: &str) -> bool {
    let (short, long) = (name.len().min(known.len()), name.len().max(known.len()));
    let half = short / 2;
    let is_near = long - short <= 1 && (name.get(..half) == known.get(..half) || is_same_end(name, known, half));
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    is_near && strsim::osa_distance(name, known) == 1 && digits(name) == digits(known)
}

fn is_same_end(name: &str, known: &str, length: usize) -> bool {
    name.get(name.len() - length..) == known.get(known.len() - length..)
}

/// How many letters of a name may differ.
fn furthest(name: &str) -> usize {
    name.chars().count().max(3) / 3
}

/// The closest name as a sentence.
pub(super) fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(wrong, known).map(|name| format!("did you mean `{name}`?"))
}

/// How many names are offered in place of an unknown one.
const OFFERED: usize = 3;

/// The three names that are most like `name`, the nearest first; none that is unlike it.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let mut ranked: Vec<(f64, &str)> = known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&wanted, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    ranked.dedup_by(|a, b| a.1 == b.1);
    ranked.into_iter().take(OFFERED).map(|(_, known)| known).collect()
}

/// The nearest names as a question; `None` where none is near.
pub fn offer<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = nearest(name, known).iter().map(|name| format!("`{name}`")).collect();
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => format!("did you mean {last}?"),
        others => format!("did you mean {} or {last}?", others.join(", ")),
    })
}
