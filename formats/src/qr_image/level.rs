//! Black and white in uneven light.

use image::{GrayImage, Luma};

/// Looked at around a pixel in each direction: this part of the longest side.
const REACH: u32 = 20;
/// Black is what is darker than so many hundredths of the light around it.
const BLACK_PERCENT: u64 = 95;

/// The picture in black and white, each pixel by the mean of those around it.
pub(super) fn level(picture: &GrayImage) -> GrayImage {
    let (width, height) = picture.dimensions();
    let reach = width.max(height) / REACH + 1;
    let sums = Sums::of(picture);
    GrayImage::from_fn(width, height, |x, y| {
        let columns = (x.saturating_sub(reach), (x + reach).min(width));
        let rows = (y.saturating_sub(reach), (y + reach).min(height));
        let area = u64::from(columns.1 - columns.0) * u64::from(rows.1 - rows.0);
        let shade = u64::from(picture.get_pixel(x, y).0[0]);
        let is_black = shade * area * 100 < sums.within(columns, rows) * BLACK_PERCENT;
        Luma([if is_black { 0 } else { u8::MAX }])
    })
}

/// For each point the sum of the shades above it and to its left, so that any rectangle's sum is
/// had from its corners.
struct Sums {
    columns: usize,
    sums: Vec<u64>,
}

impl Sums {
    fn of(picture: &GrayImage) -> Self {
        let columns = picture.width() as usize + 1;
        let mut sums = vec![0; columns];
        for row in picture.rows() {
            let above = sums.len() - columns;
            let mut in_row = 0;
            sums.push(0);
            for (at, pixel) in row.enumerate() {
                in_row += u64::from(pixel.0[0]);
                sums.push(sums[above + at + 1] + in_row);
            }
        }
        Self { columns, sums }
    }

    /// The sum of the columns and rows from the first to before the second.
    fn within(&self, columns: (u32, u32), rows: (u32, u32)) -> u64 {
        let at = |column: u32, row: u32| self.sums[row as usize * self.columns + column as usize];
        at(columns.1, rows.1) + at(columns.0, rows.0)
            - at(columns.0, rows.1)
            - at(columns.1, rows.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_rectangles_are_those_of_their_pixels() {
        let picture = GrayImage::from_fn(7, 5, |x, y| Luma([u8::try_from(40 * y + x).unwrap()]));
        let sums = Sums::of(&picture);
        for (columns, rows) in [
            ((0, 7), (0, 5)),
            ((2, 5), (1, 4)),
            ((3, 3), (0, 5)),
            ((6, 7), (4, 5)),
        ] {
            let mut expected = 0;
            for (x, y, pixel) in picture.enumerate_pixels() {
                if (columns.0..columns.1).contains(&x) && (rows.0..rows.1).contains(&y) {
                    expected += u64::from(pixel.0[0]);
                }
            }
            assert_eq!(sums.within(columns, rows), expected);
        }
    }

    #[test]
    fn a_dark_stripe_is_black_in_light_and_in_shade() {
        let picture = GrayImage::from_fn(200, 10, |x, _| {
            let light = 60 + x;
            Luma([u8::try_from(if x % 20 < 5 { light / 2 } else { light }.min(255)).unwrap()])
        });
        for (x, _, pixel) in level(&picture).enumerate_pixels() {
            assert_eq!(pixel.0[0] == 0, x % 20 < 5, "{x}");
        }
    }
}
