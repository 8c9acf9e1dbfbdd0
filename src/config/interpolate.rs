//! `${VAR}` inside a string of the file.

use super::Environment;

/// Why a string could not be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InterpolationError {
    /// The variable is not in the environment.
    Unset(String),
    /// `${` without a variable's name and a closing brace.
    Malformed,
}

/// `text` with each `${VAR}` replaced by that variable's value and each `$$` by one `$`; any other `$` stays. What a
/// variable holds is taken as it is, never filled in again.
pub(super) fn interpolate(text: &str, environment: &Environment) -> Result<String, InterpolationError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            filled.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let (name, after) = after.split_once('}').ok_or(InterpolationError::Malformed)?;
            filled.push_str(variable(name, environment)?);
            rest = after;
        } else {
            filled.push('$');
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

fn variable<'a>(name: &str, environment: &'a Environment) -> Result<&'a str, InterpolationError> {
    let mut characters = name.chars();
    let starts_well = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(InterpolationError::Malformed);
    }
    environment
        .get(name)
        .ok_or_else(|| InterpolationError::Unset(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> Result<String, InterpolationError> {
        interpolate(
            text,
            &Environment::from_iter([("USER", "ada"), ("PRICE", "$${USER}"), ("EMPTY", "")]),
        )
    }

    #[test]
    fn variables_are_filled_in_once() {
        assert_eq!(fill("a ${USER} b${EMPTY}").as_deref(), Ok("a ada b"));
        assert_eq!(fill("${PRICE}").as_deref(), Ok("$${USER}"));
    }

    #[test]
    fn a_doubled_dollar_escapes() {
        assert_eq!(fill("$${USER} $$ $5 $").as_deref(), Ok("${USER} $ $5 $"));
        assert_eq!(fill("$$${USER}").as_deref(), Ok("$ada"));
    }

    #[test]
    fn what_is_unset_or_malformed_is_an_error() {
        assert_eq!(fill("${NOBODY}"), Err(InterpolationError::Unset("NOBODY".to_owned())));
        for text in ["${", "${USER", "${}", "${1A}", "${US ER}"] {
            assert_eq!(fill(text), Err(InterpolationError::Malformed), "{text}");
        }
    }
}
