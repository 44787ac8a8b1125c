//! What holds of every template: no words of its own, nothing the policy forbids, and what people
//! typed comes out as text.

use std::{fs, path::Path};

use askama::Template;
use domain::problem::Language;
use uuid::Uuid;

use crate::badge::{Badge, Tone};
use crate::desk::{DeskPage, Idle, Newest, ScanField, Sealing, Stage};
use crate::frame::{DeadlineBar, Frame, Head, LiveBar, Theme};
use crate::help::HelpTopic;
use crate::icon::Icon;
use crate::section::Section;
use crate::words::Words;

/// Attributes that people read.
const READ_ATTRIBUTES: [&str; 4] = ["aria-label=\"", "placeholder=\"", "title=\"", "alt=\""];

fn templates() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let entries = fs::read_dir(folder).unwrap().flatten();
    let texts = entries.map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read_to_string(entry.path()).unwrap())
    });
    texts.collect()
}

/// A template without its expressions and blocks.
fn without_code(template: &str) -> String {
    let mut rest = template;
    let mut text = String::new();
    while let Some(start) = rest.find(['{']) {
        let (before, code) = rest.split_at(start);
        text.push_str(before);
        let end = match code.get(..2) {
            Some("{{") => code.find("}}"),
            Some("{%") => code.find("%}"),
            _ => None,
        };
        match end {
            Some(end) => rest = &code[end + 2..],
            None => {
                text.push('{');
                rest = &code[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// What stands between the tags.
fn between_tags(html: &str) -> String {
    let mut is_inside = false;
    html.chars()
        .filter(|letter| {
            match letter {
                '<' => is_inside = true,
                '>' => is_inside = false,
                _ => return !is_inside,
            }
            false
        })
        .collect()
}

#[test]
fn no_template_has_words_of_its_own() {
    let all = templates();
    assert!(all.len() > 15, "only {} templates", all.len());
    for (name, template) in all {
        let markup = without_code(&template);
        let text = between_tags(&markup);
        assert!(
            !text.chars().any(char::is_alphabetic),
            "{name}: {}",
            text.trim()
        );
        for attribute in READ_ATTRIBUTES {
            for (at, _) in markup.match_indices(attribute) {
                let value = &markup[at + attribute.len()..];
                let value = value.split('"').next().unwrap_or_default();
                assert!(!value.chars().any(char::is_alphabetic), "{name}: {value}");
            }
        }
    }
}

#[test]
fn no_template_needs_what_the_policy_forbids() {
    for (name, template) in templates() {
        let markup = without_code(&template).to_lowercase();
        for forbidden in [
            " style=",
            "<style",
            " onclick",
            " onload",
            "javascript:",
            "http://",
            "https://",
        ] {
            assert!(!markup.contains(forbidden), "{name}: {forbidden}");
        }
        let scripts = markup.matches("<script").count();
        let loaded = markup.matches("<script src=").count();
        assert_eq!(scripts, loaded, "{name}");
    }
}

pub(crate) fn frame(language: Language) -> Frame {
    let now = domain::time::parse_instant("2026-11-27T20:45:00+07:00").unwrap();
    Frame {
        head: Head {
            words: Words(language),
            theme: Theme::Dark,
            title: "Khai báo khách".to_owned(),
            path: "/desk".to_owned(),
            has_single_keys: true,
        },
        facility: "Khách sạn <Biển & Xanh>".to_owned(),
        person: "Lễ tân".to_owned(),
        section: Section::Desk,
        help: HelpTopic::Declare,
        places: vec![Section::Desk, Section::Today],
        attention_count: 2,
        deadline: Some(DeadlineBar::at(Words(language), now)),
        live: Some(LiveBar {
            question_count: 1,
            has_sound: true,
        }),
        has_session: true,
    }
}

fn desk(name: &str) -> DeskPage {
    DeskPage {
        frame: frame(Language::Vi),
        scan: ScanField {
            value: name.to_owned(),
            fault: Some(name.to_owned()),
            room: name.to_owned(),
        },
        note: None,
        stage: Stage::Idle(Idle {
            due: Vec::new(),
            expected: Vec::new(),
            has_guests: true,
        }),
        newest: vec![Newest {
            stay_id: Uuid::nil(),
            name: name.to_owned(),
            room: Some("203".to_owned()),
            badge: Badge::new(Tone::Go, Icon::Send, "Đang gửi"),
            received_at: "20:46".to_owned(),
            number: "LT-261127-M6KD…656X".to_owned(),
            undo: None,
        }],
        sealing: Sealing {
            key: "BOHZ".to_owned(),
            facility_id: Uuid::nil(),
        },
        duty: name.to_owned(),
    }
}

#[test]
fn what_people_type_comes_out_as_text() {
    let html = desk(r#"<b>"An' & <script>alert(1)</script>"#)
        .render()
        .unwrap();
    assert!(!html.contains("<b>\"An"));
    assert!(!html.contains("<script>alert"));
    assert!(!html.contains("value=\"<"));
    assert!(
        html.contains("Khách sạn &#60;Biển &#38; Xanh&#62;"),
        "{html}"
    );
}

#[test]
fn a_page_says_its_language_and_theme() {
    let html = desk("An").render().unwrap();
    assert!(html.starts_with("<!doctype html>"), "{}", &html[..60]);
    assert!(html.contains(r#"<html lang="vi" data-theme="dark">"#));
    assert!(html.contains("<title>Khai báo khách – lưu trú</title>"));
    assert!(html.contains(r#"<a href="/desk" aria-current="page">"#));
    assert_eq!(html.matches("<main").count(), 1);
    assert_eq!(html.matches("autofocus").count(), 1);
}
