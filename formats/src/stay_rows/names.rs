//! Names as cells hold them.

use domain::text::{fold, single_spaced};

/// Abbreviations with a slash inside a name: `son of`, `daughter of`, `alias`.
const STROKES: [&str; 11] = [
    "A/L", "A/P", "S/O", "D/O", "W/O", "C/O", "B/O", "F/O", "H/O", "M/O", "A/K",
];
/// Words between the names of two people.
const BETWEEN: [&str; 4] = [" & ", " + ", " va ", " and "];

/// Family name first, as documents have it: `LAST/FIRST` and `LAST, FIRST` without the sign. What
/// is part of a name stays: `MUTHU A/L RAMASAMY`.
pub(super) fn in_order(name: &str) -> String {
    let name = single_spaced(name);
    if has_stroke_of_its_own(&name) {
        return name;
    }
    let signs = name.matches(['/', ',']).count();
    if signs == 1 {
        single_spaced(&name.replace(['/', ','], " "))
    } else {
        name
    }
}

fn has_stroke_of_its_own(name: &str) -> bool {
    let upper = name.to_uppercase();
    let mut words = upper.split(' ');
    words.any(|word| STROKES.contains(&word))
}

/// Whether a cell looks as if two people stood in it: two lines or two sides, each a whole name.
pub(super) fn are_two(cell: &str) -> bool {
    let is_name = |part: &str| {
        let words = part.split_whitespace();
        let is_word = |word: &&str| word.chars().any(char::is_alphabetic);
        words.filter(is_word).count() >= 2
    };
    let both = |parts: Vec<&str>| {
        let parts: Vec<&str> = parts
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .collect();
        parts.len() >= 2 && parts.iter().all(|part| is_name(part))
    };
    if both(cell.split(['\n', '\r', ';']).collect()) {
        return true;
    }
    if !has_stroke_of_its_own(cell) && both(cell.split(['/', ',']).collect()) {
        return true;
    }
    let folded = fold(cell).to_lowercase();
    BETWEEN
        .iter()
        .any(|between| both(folded.split(between).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_what_belongs_to_it() {
        let table = [
            ("SMITH/JOHN", "SMITH JOHN"),
            ("Smith, John", "Smith John"),
            ("MUTHU A/L RAMASAMY", "MUTHU A/L RAMASAMY"),
            ("Siti d/o Raman", "Siti d/o Raman"),
            ("LIM @ AHMAD", "LIM @ AHMAD"),
            ("JOHN SMITH 3RD", "JOHN SMITH 3RD"),
            ("Nguyễn  Thị\nBích Ngọc", "Nguyễn Thị Bích Ngọc"),
        ];
        for (cell, name) in table {
            assert_eq!(in_order(cell), name, "{cell}");
        }
    }

    #[test]
    fn two_names_in_one_cell_are_a_doubt() {
        for cell in [
            "Nguyễn Văn An\nLê Thị Bình",
            "Nguyễn Văn An; Lê Thị Bình",
            "Nguyễn Văn An và Lê Thị Bình",
            "John Smith & Mary Smith",
            "Nguyễn Văn An / Lê Thị Bình",
            "Nguyễn Văn An, Lê Thị Bình",
        ] {
            assert!(are_two(cell), "{cell}");
        }
        for cell in [
            "Nguyễn Văn An",
            "Nguyễn Thị Hoa\n",
            "SMITH/JOHN",
            "SMITH, JOHN PAUL",
            "MUTHU RAJ A/L RAMASAMY SAMY",
            "Vũ Và Lan",
        ] {
            assert!(!are_two(cell), "{cell}");
        }
    }
}
