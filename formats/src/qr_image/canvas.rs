//! The pixels being searched, with a limit on the work done on them.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::rc::Rc;

use image::{GenericImage, GenericImageView, GrayImage, Luma};

/// How often each pixel may be read or painted, on average. A picture with one code needs about
/// ten.
const ACCESSES_PER_PIXEL_MAX: u64 = 60;
/// Pixels copied at the cost of one access.
const COPIED_PER_ACCESS: u64 = 16;
/// Corner marks of QR codes in one picture; a code has three. The search compares each pair with
/// each: its memory and time grow with the fourth power.
const CORNER_COUNT_MAX: usize = 200;
/// The shade that the search uses only to paint corners it has found. The test with a page full of
/// corners checks that it still does.
const CORNER_SHADE: u8 = 4;

/// A picture that stops the search by unwinding, without a panic's message, when the search has
/// done more work than a picture of this size deserves. Copies share one account.
pub(super) struct Canvas {
    pixels: GrayImage,
    account: Rc<MemoryAccount>,
}

struct MemoryAccount {
    accesses_left: Cell<u64>,
    corners_left: Cell<usize>,
    last_shade: Cell<u8>,
}

/// What the unwinding carries.
struct TooMuchWork;

impl Canvas {
    pub(super) fn new(pixels: GrayImage) -> Self {
        let account = MemoryAccount {
            accesses_left: Cell::new(pixel_count(&pixels) * ACCESSES_PER_PIXEL_MAX),
            corners_left: Cell::new(CORNER_COUNT_MAX),
            last_shade: Cell::new(0),
        };
        Self {
            pixels,
            account: Rc::new(account),
        }
    }
}

fn pixel_count(pixels: &GrayImage) -> u64 {
    u64::from(pixels.width()) * u64::from(pixels.height())
}

impl MemoryAccount {
    fn charge(&self, accesses: u64) {
        match self.accesses_left.get().checked_sub(accesses) {
            Some(left) => self.accesses_left.set(left),
            None => stop(),
        }
    }

    /// A corner is painted in one go.
    fn watch(&self, shade: u8) {
        if self.last_shade.replace(shade) == shade || shade != CORNER_SHADE {
            return;
        }
        match self.corners_left.get().checked_sub(1) {
            Some(left) => self.corners_left.set(left),
            None => stop(),
        }
    }
}

fn stop() -> ! {
    resume_unwind(Box::new(TooMuchWork))
}

impl Clone for Canvas {
    fn clone(&self) -> Self {
        self.account
            .charge(pixel_count(&self.pixels) / COPIED_PER_ACCESS);
        Self {
            pixels: self.pixels.clone(),
            account: Rc::clone(&self.account),
        }
    }
}

impl GenericImageView for Canvas {
    type Pixel = Luma<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.pixels.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Self::Pixel {
        self.account.charge(1);
        *self.pixels.get_pixel(x, y)
    }
}

impl GenericImage for Canvas {
    fn get_pixel_mut(&mut self, x: u32, y: u32) -> &mut Self::Pixel {
        self.account.charge(1);
        self.pixels.get_pixel_mut(x, y)
    }

    fn put_pixel(&mut self, x: u32, y: u32, pixel: Self::Pixel) {
        self.account.charge(1);
        self.account.watch(pixel.0[0]);
        self.pixels.put_pixel(x, y, pixel);
    }

    fn blend_pixel(&mut self, x: u32, y: u32, pixel: Self::Pixel) {
        self.put_pixel(x, y, pixel);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use rqrr::PreparedImage;

    use super::*;

    /// A page full of corner marks, eight pixels from one to the next.
    pub(in super::super) fn corner_at(x: u32, y: u32) -> Luma<u8> {
        let ring = |place: u32| (place % 8).abs_diff(3);
        let is_light = matches!(ring(x).max(ring(y)), 2 | 4..);
        Luma([if is_light { 255 } else { 0 }])
    }

    #[test]
    fn a_page_of_corners_stops_the_search_at_the_first_too_many() {
        let page = GrayImage::from_fn(400, 400, corner_at);
        let canvas = Canvas::new(page);
        let account = Rc::clone(&canvas.account);
        let mut prepared = PreparedImage::prepare(canvas);
        let search = catch_unwind(AssertUnwindSafe(|| prepared.detect_grids().len()));
        let carried = search.unwrap_err();
        assert!(carried.is::<TooMuchWork>());
        assert_eq!(account.corners_left.get(), 0);
        assert!(account.accesses_left.get() > 0);
    }

    #[test]
    fn copies_and_looks_are_on_one_account() {
        let canvas = Canvas::new(GrayImage::new(10, 10));
        let copy = canvas.clone();
        let spent = 100 * ACCESSES_PER_PIXEL_MAX - canvas.account.accesses_left.get();
        assert_eq!(spent, 100 / COPIED_PER_ACCESS);
        let work = || {
            for _ in 0..100 * ACCESSES_PER_PIXEL_MAX {
                let _ = copy.get_pixel(1, 1);
            }
        };
        let carried = catch_unwind(AssertUnwindSafe(work)).unwrap_err();
        assert!(carried.is::<TooMuchWork>());
    }
}
