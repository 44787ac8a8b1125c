//! Content negotiation by the `Accept` header (RFC 9110, 12.5.1).

use poem::http::{HeaderMap, header};

/// The offered media type that the caller prefers, the first among equals; `None` when none is
/// acceptable. Without the header all are.
pub(crate) fn choose<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Option<&'a str> {
    let mut ranges = Vec::new();
    for value in headers.get_all(header::ACCEPT) {
        ranges.extend(value.to_str().ok()?.split(',').filter_map(Range::read));
    }
    if ranges.is_empty() && !headers.contains_key(header::ACCEPT) {
        return offered.first().copied();
    }
    let mut best: Option<(&str, u16)> = None;
    for media_type in offered.iter().copied() {
        let weight = weight(&ranges, media_type);
        if weight > best.map_or(0, |(_, weight)| weight) {
            best = Some((media_type, weight));
        }
    }
    best.map(|(media_type, _)| media_type)
}

/// The weight of a media type: that of the closest range that names it.
fn weight(ranges: &[Range<'_>], media_type: &str) -> u16 {
    ranges
        .iter()
        .filter_map(|range| Some((range.closeness_to(media_type)?, range.weight)))
        .max()
        .map_or(0, |(_, weight)| weight)
}

struct Range<'a> {
    media_type: &'a str,
    /// In thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next().filter(|name| !name.is_empty())?;
        let weight = parts.find_map(|parameter| parameter.strip_prefix("q="));
        Some(Self {
            media_type,
            weight: weight.map_or(1_000, thousandths),
        })
    }

    /// 2 when it is the type itself, 1 for its family, 0 for anything; `None` when another.
    fn closeness_to(&self, media_type: &str) -> Option<u8> {
        if self.media_type.eq_ignore_ascii_case(media_type) {
            return Some(2);
        }
        if self.media_type == "*/*" {
            return Some(0);
        }
        let family = self.media_type.strip_suffix("/*")?;
        let (own, _) = media_type.split_once('/')?;
        own.eq_ignore_ascii_case(family).then_some(1)
    }
}

/// An unreadable weight counts as missing.
fn thousandths(weight: &str) -> u16 {
    let weight = weight.parse::<f32>().ok();
    let weight = weight.filter(|weight| (0.0..=1.0).contains(weight));
    // Between 0 and 1000: the cast cuts off the fraction only.
    (weight.unwrap_or(0.0) * 1_000.0) as u16
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn the_closest_range_decides_and_json_comes_first() {
        let (json, jose) = (Some("application/json"), Some("application/jose"));
        let table = [
            (None, json),
            (Some("*/*"), json),
            (Some("application/*"), json),
            (Some("application/jose"), jose),
            (Some("Application/JOSE"), jose),
            (Some("application/jose, application/json"), json),
            (Some("application/jose, */*;q=0.1"), jose),
            (Some("application/json;q=0, */*"), jose),
            (
                Some("application/json;q=0.4, application/jose; q=0.5"),
                jose,
            ),
            (Some("text/html"), None),
            (Some("application/pdf, text/*"), None),
            (Some("*/*;q=0"), None),
            (Some(""), None),
            (Some("application/json;q=x"), None),
        ];
        for (sent, chosen) in table {
            let mut headers = HeaderMap::new();
            if let Some(sent) = sent {
                headers.insert(header::ACCEPT, HeaderValue::from_static(sent));
            }
            let offered = ["application/json", "application/jose"];
            assert_eq!(choose(&headers, &offered), chosen, "{sent:?}");
        }
    }
}
