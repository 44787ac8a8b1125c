//! Makes text safe for spreadsheet cells, so that no program runs it as a formula.
//!
//! A cell that begins like a formula gets an apostrophe in front, and loses it when the file comes
//! back. One that would lose its own apostrophe gets one more, so that what is read is what was
//! there (OWASP, CSV injection).

/// The text as it is written.
pub(crate) fn guarded(text: &str) -> String {
    if is_dangerous(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// The text that was guarded.
pub(crate) fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_dangerous(rest) => rest,
        Some(_) | None => text,
    }
}

/// Whether it begins like a formula, behind any number of apostrophes.
fn is_dangerous(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_guarded() {
        for text in ["=1+1", "+84", "-1", "@x", "\tx", "\rx", "＝1", "'=1"] {
            assert!(guarded(text).starts_with('\''), "{text}");
        }
        for text in ["", "Nguyễn", "'038", "1=1", " =1"] {
            assert_eq!(guarded(text), text);
        }
    }

    proptest! {
        #[test]
        fn guarding_is_undone(text in "['=+@＝-]{0,3}.*") {
            let written = guarded(&text);
            prop_assert_eq!(unguarded(&written), text.as_str());
        }
    }
}
