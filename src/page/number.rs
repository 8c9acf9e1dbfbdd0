//! Numbers as people read them.

/// A whole number with its thousands apart: `1 234 567`, by thin spaces.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A size: `512 bytes`, `1.4 KiB`, `3.0 MiB`.
pub fn bytes(number: u64) -> String {
    const STEP: f64 = 1024.0;
    if number < 1024 {
        return format!("{number} bytes");
    }
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut size = number as f64 / STEP;
    let mut unit = 0;
    while size >= STEP && unit + 1 < units.len() {
        size /= STEP;
        unit += 1;
    }
    format!("{size:.1} {}", units[unit])
}

/// A number for an axis: `0`, `12`, `1.5k`, `2M`, `0.25`.
pub fn short(number: f64) -> String {
    let size = number.abs();
    let (scaled, unit) = match size {
        _ if size >= 1e9 => (number / 1e9, "G"),
        _ if size >= 1e6 => (number / 1e6, "M"),
        _ if size >= 1e3 => (number / 1e3, "k"),
        _ => (number, ""),
    };
    let text = if scaled.abs() >= 100.0 || scaled.fract() == 0.0 {
        format!("{scaled:.0}")
    } else if scaled.abs() >= 1.0 {
        format!("{scaled:.1}")
    } else {
        format!("{scaled:.3}")
    };
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::{bytes, count, short};

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(bytes(1023), "1023 bytes");
        assert_eq!(bytes(1_536), "1.5 KiB");
        let shorts = [0.0, 12.0, 1_500.0, 2e6, 0.25, -1.0, 99.95, 123.4].map(short);
        assert_eq!(shorts, ["0", "12", "1.5k", "2M", "0.25", "-1", "100", "123"]);
    }
}
