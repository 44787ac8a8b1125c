//! The files that pages load: style sheet, scripts, fonts, the icon. Each is named by a hash of its
//! bytes.

/// A file that pages load.
#[derive(Debug)]
pub struct Asset {
    /// The last part of its address; it changes with its bytes.
    pub name: &'static str,
    /// Where it is served.
    pub url: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// As it is.
    pub bytes: &'static [u8],
    /// Compressed, where that makes it smaller.
    pub gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The asset of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Asset> {
    ALL.iter().copied().find(|asset| asset.name == name)
}

/// The page that a browser without a connection shows.
pub const SHELL: &str = "/desk/offline";

/// The program that keeps this version's files in browsers, and the page for browsers without a
/// connection.
#[must_use]
pub fn service_worker() -> String {
    let files: Vec<String> = ALL
        .iter()
        .map(|asset| format!("\"{}\"", asset.url))
        .collect();
    format!(
        "const FILES = [{}];\nconst SHELL = \"{SHELL}\";\n{}",
        files.join(", "),
        include_str!("../assets/worker.js")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_by_the_name_it_is_served_under() {
        for asset in ALL {
            assert_eq!(asset.url, format!("/assets/{}", asset.name));
            assert!(find(asset.name).is_some_and(|found| found.bytes == asset.bytes));
        }
        assert!(find("style.css").is_none());
    }

    #[test]
    fn the_style_sheet_names_the_fonts_as_they_are_served() {
        let style = std::str::from_utf8(STYLE.bytes).unwrap();
        for font in [&FONT_400, &FONT_600] {
            assert!(
                style.contains(&format!("url({})", font.url)),
                "{}",
                font.name
            );
        }
        assert!(!style.contains("url(fonts/"));
    }

    #[test]
    fn a_first_visit_loads_less_than_sixty_kilobytes() {
        let size = |asset: &Asset| asset.gzip.unwrap_or(asset.bytes).len();
        let loaded = [&FONT_400, &FONT_600, &SCRIPT, &ICON, &STYLE];
        let sum: usize = loaded.into_iter().map(size).sum();
        // The first page, on which one signs in, has the rest; what other pages load is theirs.
        assert!(sum < 55_000, "{sum} bytes");
    }
}
