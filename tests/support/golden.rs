//! Golden files: what a command printed once and shall print again.

use std::path::{Path, PathBuf};

/// Compares `actual` with `tests/golden/NAME`. With `SERVICE_PING_UPDATE=1` the file is rewritten instead.
pub fn assert_golden(name: &str, actual: &str) {
    assert_golden_in(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"),
        name,
        actual,
        updating(),
    );
}

fn updating() -> bool {
    std::env::var_os("SERVICE_PING_UPDATE").is_some_and(|value| value == "1")
}

/// As [`assert_golden`], with every circumstance said.
pub fn assert_golden_in(folder: &Path, name: &str, actual: &str, update: bool) {
    let file = folder.join(name);
    if update {
        return write(&file, actual);
    }
    let expected = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; SERVICE_PING_UPDATE=1 writes it", file.display()));
    if let Some(difference) = difference(&expected, actual) {
        panic!(
            "{} is not what was printed; SERVICE_PING_UPDATE=1 rewrites it\n{difference}",
            file.display()
        );
    }
}

fn write(file: &PathBuf, actual: &str) {
    std::fs::create_dir_all(file.parent().expect("a golden file has a folder")).expect("the golden folder is writable");
    std::fs::write(file, actual).expect("the golden file is writable");
}

/// The first line that differs, in both texts, with its number and what follows; `None` where the texts are equal.
fn difference(expected: &str, actual: &str) -> Option<String> {
    const SHOWN: usize = 6;
    if expected == actual {
        return None;
    }
    let common = expected
        .split('\n')
        .zip(actual.split('\n'))
        .take_while(|(left, right)| left == right)
        .count();
    let excerpt = |sign: char, text: &str| {
        let lines = text.split('\n').skip(common).take(SHOWN);
        lines.map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    Some(format!(
        "from line {}:\n{}{}",
        common + 1,
        excerpt('-', expected),
        excerpt('+', actual)
    ))
}
