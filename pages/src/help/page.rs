//! The pages of help.

use askama::Template;

use super::{HelpTopic, guides};
use crate::frame::Head;
use crate::icon::Icon;
use crate::words::Bilingual;

/// The list of topics, and what holds on every screen.
#[derive(Template)]
#[template(path = "help.html")]
pub struct HelpPage {
    /// What every page has.
    pub head: Head,
}

impl HelpPage {
    fn general(&self) -> impl Iterator<Item = &'static str> {
        let words = self.head.words;
        guides::GENERAL.iter().map(move |text| text.said(words))
    }

    fn topics(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let words = self.head.words;
        let all = HelpTopic::ALL.iter();
        all.map(move |topic| (topic.path(), topic.title(words)))
    }
}

/// The help of one screen.
#[derive(Template)]
#[template(path = "help_topic.html")]
pub struct HelpTopicPage {
    /// What every page has.
    pub head: Head,
    /// The screen.
    pub topic: HelpTopic,
    /// The duty desk of the reader's facility, where that is known.
    pub duty: Option<String>,
}

impl HelpTopicPage {
    fn title(&self) -> &'static str {
        self.topic.title(self.head.words)
    }

    fn purpose(&self) -> &'static str {
        self.topic.guide().purpose.said(self.head.words)
    }

    fn steps(&self) -> impl Iterator<Item = &'static str> {
        self.all_said(self.topic.guide().steps)
    }

    fn keys(&self) -> impl Iterator<Item = (&'static [&'static str], &'static str)> {
        let words = self.head.words;
        let all = self.topic.guide().keys.iter().chain([&guides::ALL_KEYS]);
        all.map(move |key| (key.keys, (key.does)(words)))
    }

    fn remedies(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let words = self.head.words;
        let all = self.topic.guide().remedies.iter().copied().flatten();
        all.map(move |remedy| (remedy.fact.said(words), remedy.advice.said(words)))
    }

    fn calls(&self) -> impl Iterator<Item = &'static str> {
        self.all_said(self.topic.guide().calls)
    }

    fn all_said(&self, texts: &'static [Bilingual]) -> impl Iterator<Item = &'static str> {
        let words = self.head.words;
        texts.iter().map(move |text| text.said(words))
    }
}
