//! Fills the templates, which are files beside this one.

use super::LaunchError;

/// Puts `values` into the places of `{{name}}`, in one pass: what a value holds is never taken for a place.
pub fn fill(template: &str, values: &[(&str, String)]) -> Result<Vec<u8>, LaunchError> {
    let mut filled = String::with_capacity(2 * template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) =
            after.split_once("}}").ok_or_else(|| LaunchError::Unfilled(after.chars().take(20).collect()))?;
        let (_, value) = values
            .iter()
            .find(|(of, _)| *of == name)
            .ok_or_else(|| LaunchError::Unfilled(name.to_owned()))?;
        filled += before;
        filled += value;
        rest = after;
    }
    filled += rest;
    Ok(filled.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_filled_once_and_none_is_left() {
        let values = [("a", "{{b}}".to_owned()), ("b", "B".to_owned())];
        assert_eq!(fill("x {{a}}{{b}} y", &values), Ok(b"x {{b}}B y".to_vec()));
        assert_eq!(fill("{{c}}", &values), Err(LaunchError::Unfilled("c".to_owned())));
        assert_eq!(fill("{{a", &values), Err(LaunchError::Unfilled("a".to_owned())));
    }
}
