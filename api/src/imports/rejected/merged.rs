//! Merges rows of several sheets into one: columns with the same meaning become one, whatever each
//! sheet calls it.

use formats::columns::Field;

/// A sheet as it was sent: its heading, and what its columns hold.
pub(crate) struct SentSheet {
    /// The cells of its heading, columns of ours left out.
    pub(crate) heading: Vec<String>,
    /// What its columns hold, by their place.
    pub(crate) fields: Vec<(usize, Field)>,
}

/// The sheet that comes back.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) heading: Vec<String>,
    pub(super) fields: Vec<(usize, Field)>,
    /// By sheet: where each of its columns stands.
    places: Vec<Vec<usize>>,
}

impl Merged {
    /// The first sheet keeps its columns; other sheets are mapped to its headings, and columns it
    /// lacks are added on the right.
    pub(super) fn of(sheets: &[SentSheet]) -> Self {
        let mut merged = Self::default();
        for sheet in sheets {
            let mut places: Vec<usize> = Vec::with_capacity(sheet.heading.len());
            for (column, heading) in sheet.heading.iter().enumerate() {
                let of_column = sheet.fields.iter().find(|(place, _)| *place == column);
                let field = of_column.map(|(_, field)| *field);
                let place = merged
                    .fitting(field, heading)
                    .filter(|place| !places.contains(place))
                    .unwrap_or_else(|| merged.add(field, heading));
                places.push(place);
            }
            merged.places.push(places);
        }
        merged
    }

    /// The column of another sheet that holds the same.
    fn fitting(&self, field: Option<Field>, heading: &str) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        match field {
            Some(field) => {
                let known = self.fields.iter().find(|(_, known)| *known == field);
                known.map(|(place, _)| *place)
            }
            None => {
                let is_known = |place: &usize| self.fields.iter().any(|(known, _)| known == place);
                let mut places = (0..self.heading.len()).filter(|place| !is_known(place));
                places.find(|place| self.heading[*place] == heading)
            }
        }
    }

    fn add(&mut self, field: Option<Field>, heading: &str) -> usize {
        let place = self.heading.len();
        self.heading.push(heading.to_owned());
        self.fields.extend(field.map(|field| (place, field)));
        place
    }

    /// Where a column of a sheet stands; as it was where the sheet is not known.
    pub(super) fn place(&self, sheet: Option<usize>, column: usize) -> usize {
        let places = sheet.and_then(|sheet| self.places.get(sheet));
        places
            .and_then(|places| places.get(column))
            .copied()
            .unwrap_or(column)
    }

    /// The cells of a row, each under its heading.
    pub(super) fn cells(&self, sheet: Option<usize>, cells: Vec<String>) -> Vec<String> {
        let Some(places) = sheet.and_then(|sheet| self.places.get(sheet)) else {
            return cells;
        };
        let mut placed = vec![String::new(); self.heading.len()];
        for (place, cell) in places.iter().zip(cells) {
            if let Some(target) = placed.get_mut(*place) {
                *target = cell;
            }
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(columns: &[(&str, Option<Field>)]) -> SentSheet {
        let fields = columns.iter().enumerate();
        SentSheet {
            heading: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            fields: fields
                .filter_map(|(place, (_, field))| Some((place, (*field)?)))
                .collect(),
        }
    }

    #[test]
    fn what_means_the_same_stands_in_one_column() {
        let sheets = [
            sheet(&[
                ("STT", None),
                ("Họ tên", Some(Field::FullName)),
                ("Phòng", Some(Field::Room)),
            ]),
            sheet(&[
                ("Room", Some(Field::Room)),
                ("Guest name", Some(Field::FullName)),
                ("Note", Some(Field::Note)),
                ("STT", None),
            ]),
        ];
        let merged = Merged::of(&sheets);
        assert_eq!(merged.heading, ["STT", "Họ tên", "Phòng", "Note"]);
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let first = merged.cells(Some(0), row(&["1", "A", "101"]));
        assert_eq!(first, ["1", "A", "101", ""]);
        let second = merged.cells(Some(1), row(&["203", "B", "x", "7"]));
        assert_eq!(second, ["7", "B", "203", "x"]);
        assert_eq!((merged.place(Some(1), 0), merged.place(None, 0)), (2, 0));
    }

    #[test]
    fn one_sheet_comes_back_as_it_was() {
        let only = sheet(&[("a", None), ("a", None), ("", None), ("", None)]);
        let merged = Merged::of(&[only]);
        assert_eq!(merged.heading, ["a", "a", "", ""]);
        assert_eq!(merged.place(Some(0), 3), 3);
    }
}
