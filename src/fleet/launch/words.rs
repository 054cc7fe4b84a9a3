//! Text from outside as one word of a shell, or as one string of YAML, and what is refused as either.

use super::LaunchError;

/// One word for any POSIX shell: between single quotes nothing has a meaning but the quote itself.
pub fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The same for people, who are spared quotes that are not needed.
pub fn shown(text: &str) -> String {
    let good =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | ':' | '@');
    if !text.is_empty() && text.chars().all(good) { text.to_owned() } else { word(text) }
}

/// Each as a word, with a blank before it.
pub fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(|text| format!(" {}", word(text))).collect()
}

/// One string, in ASCII: parsers of YAML disagree about which other characters end a line.
pub fn yaml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => {
                let mut units = [0; 2];
                quoted.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Neither empty nor with control characters, which no path or argument that is meant has, and which terminals obey.
pub fn plain<'a>(option: &'static str, text: &'a str) -> Result<&'a str, LaunchError> {
    let refused = |why| Err(LaunchError::Value { option, value: text.to_owned(), why });
    if text.is_empty() {
        return refused("is empty; leave it out, or give a value");
    }
    if text.contains(char::is_control) {
        return refused("holds a line break or another control character; use a name without one");
    }
    Ok(text)
}

/// A path on another machine, where it is not known from which directory it would count.
pub fn absolute<'a>(option: &'static str, path: &'a str) -> Result<&'a str, LaunchError> {
    if plain(option, path)?.starts_with('/') {
        return Ok(path);
    }
    let why = "is no absolute path; give it from / on, as it is on the nodes";
    Err(LaunchError::Value { option, value: path.to_owned(), why })
}

/// A program on the nodes: by its path, or one that is found on the `PATH` there.
pub fn program<'a>(option: &'static str, path: &'a str) -> Result<&'a str, LaunchError> {
    // What begins with a dash would be an option of whatever starts it.
    if plain(option, path)?.contains('/') || path.starts_with('-') {
        return absolute(option, path);
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ODD: [&str; 7] =
        ["a b", "it's", "$(touch x)`touch y`", "\\", "\"; rm -rf .; '", "*", "\u{1F600}\u{2028}{{node}}#"];

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in ODD {
            let said = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", word(text))])
                .output()
                .unwrap()
                .stdout;
            assert_eq!(String::from_utf8(said).unwrap(), text);
        }
        assert_eq!(words(["a", "b c"]), " 'a' 'b c'");
        assert_eq!((shown("/a/b-1.sh"), shown("/a b")), ("/a/b-1.sh".to_owned(), "'/a b'".to_owned()));
    }

    #[test]
    fn what_is_quoted_for_yaml_is_json_in_ascii_too() {
        for text in ODD {
            let quoted = yaml(text);
            assert!(quoted.is_ascii());
            assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
        }
    }

    #[test]
    fn what_no_place_can_take_is_refused() {
        for bad in ["", "a\nb", "a\0", "\u{1b}[2J", "\u{85}"] {
            assert!(plain("--x", bad).is_err(), "{bad:?}");
        }
        assert!(absolute("--x", "a/b").is_err() && absolute("--x", "/a b/$c").is_ok());
        assert!(program("--x", "./assay").is_err() && program("--x", "-assay").is_err());
        assert!(program("--x", "assay").is_ok() && program("--x", "/opt/assay").is_ok());
    }
}
