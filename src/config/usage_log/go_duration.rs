//! Durations as Go's `time.ParseDuration` reads them: `24h`, `1h30m`, `1.5h`, `100ms`.

/// The nanoseconds that `text` says; `None` where Go would refuse it.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let (nanoseconds, after) = one(rest)?;
        total = total.checked_add(nanoseconds)?;
        rest = after;
    }
    total.checked_mul(sign)
}

/// One number and its unit, and what follows.
fn one(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let end = rest
        .find(|c: char| c.is_ascii_digit() || c == '.')
        .unwrap_or(rest.len());
    let (unit, after) = rest.split_at(end);
    let unit = nanoseconds(unit)?;
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    Some((whole.checked_mul(unit)?.checked_add(part(fraction, unit)?)?, after))
}

/// A fraction of a unit, cut off below nanoseconds.
fn part(fraction: &str, unit: i64) -> Option<i64> {
    // No unit has more than 14 digits: what comes after is less than a nanosecond.
    let digits = &fraction[..fraction.len().min(15)];
    if digits.is_empty() {
        return Some(0);
    }
    let scale = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    let digits: i128 = digits.parse().ok()?;
    i64::try_from(digits * i128::from(unit) / scale).ok()
}

fn nanoseconds(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations_are_gos() {
        let second = 1_000_000_000;
        let cases = [
            ("24h", 24 * 3600 * second),
            ("1h30m", 5400 * second),
            ("1h30m0s", 5400 * second),
            ("1.5h", 5400 * second),
            (".5s", second / 2),
            ("1.s", second),
            ("100ms", second / 10),
            ("1us", 1000),
            ("1µs", 1000),
            ("7ns", 7),
            ("1.0000000004s", second),
            ("0", 0),
            ("-2m", -120 * second),
            ("+2m", 120 * second),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "",
            "-",
            "24",
            "h",
            ".h",
            "1d",
            "1h 30m",
            "1..5h",
            "1.2.3s",
            "9999999999h",
            "1h-2m",
            "ü",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
