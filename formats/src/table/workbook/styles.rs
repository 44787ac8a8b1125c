//! Cell formats: whether a number is a date, and how many leading zeros it shows.

use super::super::FileFault;
use super::events::attribute;
use super::package::Package;

/// Most cell formats that count. Excel itself has 65,490.
const FORMAT_COUNT_MAX: usize = 70_000;
/// Most formats of the workbook's own.
const CUSTOM_COUNT_MAX: usize = 10_000;
/// Longest number that is filled up with zeros.
const DIGIT_COUNT_MAX: usize = 20;

/// The effect of a number format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum CellFormat {
    /// A number.
    #[default]
    Plain,
    /// A date, a time or both.
    Date,
    /// A whole number with at least so many digits: how people keep zeros in front.
    Digits(u8),
}

/// The formats of cells, by place.
#[derive(Default)]
pub(super) struct Styles(Vec<CellFormat>);

impl Styles {
    pub(super) fn shown(&self, place: Option<usize>) -> CellFormat {
        let found = place.and_then(|place| self.0.get(place));
        found.copied().unwrap_or_default()
    }
}

/// Reads the part; a workbook without it has numbers only.
pub(super) fn read(package: &mut Package<'_>, path: Option<&str>) -> Result<Styles, FileFault> {
    let mut styles = Styles::default();
    let Some(path) = path else {
        return Ok(styles);
    };
    let Some(part) = package.part(path)? else {
        return Ok(styles);
    };
    let mut custom: Vec<(u32, CellFormat)> = Vec::new();
    // `cellStyleXfs` holds elements of the same name that no cell names.
    let mut is_of_cells = false;
    part.elements(|element| {
        match element.local_name().as_ref() {
            "numFmt" if custom.len() < CUSTOM_COUNT_MAX => {
                let id = attribute(element, "numFmtId").and_then(|id| id.parse().ok());
                let code = attribute(element, "formatCode");
                if let (Some(id), Some(code)) = (id, code) {
                    custom.push((id, of_code(&code)));
                }
            }
            "cellXfs" => is_of_cells = true,
            "cellStyles" | "dxfs" | "cellStyleXfs" => is_of_cells = false,
            "xf" if is_of_cells && styles.0.len() < FORMAT_COUNT_MAX => {
                let id = attribute(element, "numFmtId").and_then(|id| id.parse().ok());
                styles.0.push(of_id(id.unwrap_or_default(), &custom));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

/// ECMA-376-1, 18.8.30: formats that every workbook has, East Asian ones included.
fn of_id(id: u32, custom: &[(u32, CellFormat)]) -> CellFormat {
    if let Some((_, shown)) = custom.iter().find(|(known, _)| *known == id) {
        return *shown;
    }
    match id {
        14..=22 | 27..=36 | 45..=47 | 50..=58 => CellFormat::Date,
        _ => CellFormat::Plain,
    }
}

/// The first part of a format decides, without what is quoted, escaped or in brackets.
fn of_code(code: &str) -> CellFormat {
    let mut bare = String::new();
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ';' => break,
            '\\' | '_' | '*' => {
                letters.next();
            }
            '"' => {
                let _ = letters.by_ref().find(|letter| *letter == '"');
            }
            '[' => {
                let inner: String = letters
                    .by_ref()
                    .take_while(|letter| *letter != ']')
                    .collect();
                // Elapsed hours, minutes, seconds.
                let is_elapsed =
                    !inner.is_empty() && inner.chars().all(|letter| "hHmMsS".contains(letter));
                bare.push_str(if is_elapsed { "h" } else { "" });
            }
            letter => bare.extend(letter.to_lowercase()),
        }
    }
    let bare = bare.trim();
    let is_zeros = !bare.is_empty() && bare.bytes().all(|byte| byte == b'0');
    if is_zeros && bare.len() > 1 && bare.len() <= DIGIT_COUNT_MAX {
        return CellFormat::Digits(u8::try_from(bare.len()).unwrap_or_default());
    }
    let is_date =
        bare.contains(['y', 'd', 'h', 's']) || (bare.contains('m') && !bare.contains(['0', '#']));
    if is_date && bare != "standard" {
        CellFormat::Date
    } else {
        CellFormat::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_tells_dates_from_numbers() {
        let table = [
            ("General", CellFormat::Plain),
            ("0.00", CellFormat::Plain),
            ("#,##0\\ \"đ\"", CellFormat::Plain),
            ("0.00E+00", CellFormat::Plain),
            ("[Red]0", CellFormat::Plain),
            ("\"day \"0", CellFormat::Plain),
            ("@", CellFormat::Plain),
            ("dd/mm/yyyy", CellFormat::Date),
            ("[$-409]d\\-mmm\\-yy;@", CellFormat::Date),
            ("[h]:mm", CellFormat::Date),
            ("mmm", CellFormat::Date),
            ("000000000000", CellFormat::Digits(12)),
            ("00", CellFormat::Digits(2)),
            ("0", CellFormat::Plain),
        ];
        for (code, shown) in table {
            assert_eq!(of_code(code), shown, "{code}");
        }
        assert_eq!(of_id(14, &[]), CellFormat::Date);
        assert_eq!(of_id(14, &[(14, CellFormat::Plain)]), CellFormat::Plain);
        assert_eq!(of_id(1, &[]), CellFormat::Plain);
    }
}
