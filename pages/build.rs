//! Names each asset by a hash of its bytes, so that browsers may keep it for good, and compresses
//! it once.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use zopfli::{Format, Options};

/// Digits of a hash in a name: enough to tell the versions of one file apart.
const HASH_DIGIT_COUNT: usize = 12;

/// A file that is served.
struct Served {
    constant: &'static str,
    /// What it is called.
    file: &'static str,
    /// What it is made of, one behind the other.
    parts: &'static [&'static str],
    media_type: &'static str,
    /// Whether compressing it makes it smaller.
    is_compressible: bool,
}

/// The style sheet comes last: it names the fonts by their hashed names. htmx and the pages' own
/// module are one file: a request less on a first visit.
const SERVED: &[Served] = &[
    Served {
        constant: "FONT_400",
        file: "fonts/be-vietnam-pro-400.woff2",
        parts: &["fonts/be-vietnam-pro-400.woff2"],
        media_type: "font/woff2",
        is_compressible: false,
    },
    Served {
        constant: "FONT_600",
        file: "fonts/be-vietnam-pro-600.woff2",
        parts: &["fonts/be-vietnam-pro-600.woff2"],
        media_type: "font/woff2",
        is_compressible: false,
    },
    Served {
        constant: "SCRIPT",
        file: "luutru.js",
        parts: &["htmx.min.js", "luutru.js"],
        media_type: "text/javascript; charset=utf-8",
        is_compressible: true,
    },
    Served {
        constant: "OFFICE_SCRIPT",
        file: "office.js",
        parts: &["office.js"],
        media_type: "text/javascript; charset=utf-8",
        is_compressible: true,
    },
    Served {
        constant: "POLICE_SCRIPT",
        file: "police.js",
        parts: &["police.js"],
        media_type: "text/javascript; charset=utf-8",
        is_compressible: true,
    },
    Served {
        constant: "HOUSE",
        file: "house.js",
        parts: &["house.js"],
        media_type: "text/javascript; charset=utf-8",
        is_compressible: true,
    },
    // Only the pages that need them load these: a first visit has no room for everything.
    Served {
        constant: "HOUSE_STYLE",
        file: "house.css",
        parts: &["style/house.css"],
        media_type: "text/css; charset=utf-8",
        is_compressible: true,
    },
    Served {
        constant: "POLICE_STYLE",
        file: "police.css",
        parts: &["style/police.css"],
        media_type: "text/css; charset=utf-8",
        is_compressible: true,
    },
    Served {
        constant: "LIVE",
        file: "live.js",
        parts: &["live.js"],
        media_type: "text/javascript; charset=utf-8",
        is_compressible: true,
    },
    Served {
        constant: "OFFLINE",
        file: "offline.js",
        parts: &["offline.js"],
        media_type: "text/javascript; charset=utf-8",
        is_compressible: true,
    },
    // Loaded when somebody opens the camera.
    Served {
        constant: "CAMERA",
        file: "camera.js",
        parts: &["camera.js"],
        media_type: "text/javascript; charset=utf-8",
        is_compressible: true,
    },
    Served {
        constant: "MANY",
        file: "many.js",
        parts: &["many.js"],
        media_type: "text/javascript; charset=utf-8",
        is_compressible: true,
    },
    // Only the pages that need it load it: a first visit has no room for everything.
    Served {
        constant: "MANY_STYLE",
        file: "many.css",
        parts: &["style/many.css"],
        media_type: "text/css; charset=utf-8",
        is_compressible: true,
    },
    Served {
        constant: "ICON",
        file: "icon.svg",
        parts: &["icon.svg"],
        media_type: "image/svg+xml",
        is_compressible: true,
    },
    Served {
        constant: "STYLE",
        file: "style.css",
        parts: &["style/base.css", "style/office.css"],
        media_type: "text/css; charset=utf-8",
        is_compressible: true,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let mut names: Vec<(&str, String)> = Vec::new();
    let mut code = String::new();
    for served in SERVED {
        let file = served.file;
        let bytes = with_hashed_names(joined(&sources, served.parts)?, &names);
        let name = hashed_name(file, &bytes);
        fs::write(out.join(&name), &bytes)?;
        let gzip = if served.is_compressible {
            fs::write(out.join(format!("{name}.gz")), compressed(&bytes)?)?;
            format!("Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.gz\")))")
        } else {
            "None".to_owned()
        };
        let Served {
            constant,
            media_type,
            ..
        } = served;
        writeln!(
            code,
            "/// `{file}`.\npub static {constant}: Asset = Asset {{ name: \"{name}\", \
             url: \"/assets/{name}\", media_type: \"{media_type}\", \
             bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\")), gzip: {gzip} }};"
        )?;
        names.push((file, name));
    }
    let all: Vec<String> = SERVED
        .iter()
        .map(|served| format!("&{}", served.constant))
        .collect();
    writeln!(
        code,
        "static ALL: [&Asset; {}] = [{}];",
        all.len(),
        all.join(", ")
    )?;
    fs::write(out.join("assets.rs"), code)?;
    Ok(())
}

/// The parts one behind the other; the lines of our own that are only for those who read them are
/// left out.
fn joined(sources: &Path, parts: &[&str]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    for part in parts {
        let read = fs::read(sources.join(part))?;
        match part.rsplit_once('.') {
            Some((_, "js" | "css")) => bytes.extend(without_comments(&read)),
            Some(_) | None => bytes.extend(read),
        }
    }
    Ok(bytes)
}

/// Without indentation and without lines that are comments; no line of ours begins inside a text.
fn without_comments(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().map(str::trim);
    let kept = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut kept = kept.collect::<Vec<_>>().join("\n");
    kept.push('\n');
    kept.into_bytes()
}

/// Text in which other assets are named as they are served.
fn with_hashed_names(bytes: Vec<u8>, names: &[(&str, String)]) -> Vec<u8> {
    let Ok(text) = String::from_utf8(bytes.clone()) else {
        return bytes;
    };
    let replaced = names.iter().fold(text, |text, (file, name)| {
        text.replace(&format!("url({file})"), &format!("url(/assets/{name})"))
    });
    replaced.into_bytes()
}

/// `style.css` to `style-0123456789ab.css`.
fn hashed_name(file: &str, bytes: &[u8]) -> String {
    let file = file.rsplit('/').next().unwrap_or(file);
    let (stem, kind) = file.rsplit_once('.').unwrap_or((file, ""));
    let hash: String = hex::encode(Sha256::digest(bytes))
        .chars()
        .take(HASH_DIGIT_COUNT)
        .collect();
    format!("{stem}-{hash}.{kind}")
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut gzip = Vec::new();
    zopfli::compress(Options::default(), Format::Gzip, bytes, &mut gzip)?;
    Ok(gzip)
}
