//! PEM blocks (RFC 7468), as keys arrive in settings and files.
//!
//! The reader of `rustls-pki-types` is not used: it leaves the base64 text of a private key in
//! memory, and refuses a block on a single line, as environment files hold it. Here the text is
//! wiped, and any white space separates.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

const LINE_LENGTH: usize = 64;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    PrivateKey,
    PublicKey,
}

impl Label {
    fn begin(self) -> &'static str {
        match self {
            Self::PrivateKey => "-----BEGIN PRIVATE KEY-----",
            Self::PublicKey => "-----BEGIN PUBLIC KEY-----",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::PrivateKey => "-----END PRIVATE KEY-----",
            Self::PublicKey => "-----END PUBLIC KEY-----",
        }
    }
}

/// The contents of each block with this label, in order; `None` for one without an end or that is
/// not base64. Text between blocks is ignored.
pub(super) fn blocks(
    bundle: &str,
    label: Label,
) -> impl Iterator<Item = Option<Zeroizing<Vec<u8>>>> {
    bundle.split(label.begin()).skip(1).map(move |block| {
        let (text, _) = block.split_once(label.end())?;
        let text: Zeroizing<String> = Zeroizing::new(
            text.chars()
                .filter(|letter| !letter.is_whitespace())
                .collect(),
        );
        STANDARD.decode(text.as_str()).ok().map(Zeroizing::new)
    })
}

/// One block.
pub(super) fn encode(label: Label, content: &[u8]) -> String {
    let encoded = Zeroizing::new(STANDARD.encode(content));
    let mut pem = format!("{}\n", label.begin());
    for (index, letter) in encoded.chars().enumerate() {
        if index > 0 && index % LINE_LENGTH == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem.push('\n');
    pem.push_str(label.end());
    pem.push('\n');
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_in_lines_and_on_one() {
        let content: Vec<u8> = (0..200).collect();
        let pem = encode(Label::PublicKey, &content);
        assert!(pem.lines().all(|line| line.len() <= LINE_LENGTH));
        for text in [
            pem.clone(),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', " "),
            format!("a note before\n{pem}a note after"),
        ] {
            let read: Vec<_> = blocks(&text, Label::PublicKey).collect();
            assert_eq!(read, [Some(Zeroizing::new(content.clone()))], "{text}");
            assert_eq!(blocks(&text, Label::PrivateKey).count(), 0);
        }
    }
}
