//! Language, theme, single keys and facility, kept in cookies; and the page of help.

use domain::problem::{Code, Language};
use pages::frame::Theme;
use pages::help::HelpTopic;
use pages::help::page::{HelpPage, HelpTopicPage};
use poem::http::{HeaderValue, header};
use poem::{Request, RequestBody};
use uuid::Uuid;

use super::enter::Visit;
use super::form::PageForm;
use super::reader::{FACILITY, KEYS, LANGUAGE, SOUND, THEME};
use super::{MadePage, PageReader, html, see_other};
use crate::app::App;
use crate::auth::{cookies, op};
use crate::problem::Failure;

/// How long a browser remembers them.
const SECONDS: u32 = 365 * 24 * 60 * 60;

/// `POST /preferences`: remembers a choice, and goes back.
pub(super) async fn keep(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let sent = PageForm::of_stranger(&request, &mut body).await?;
    let mut response = see_other(html::next(sent.value("back")));
    let chosen = [
        (SOUND, sound(sent.value("sound"))),
        (LANGUAGE, language(sent.value("lang"))),
        (THEME, theme(sent.value("theme"))),
        (KEYS, single_keys(sent.value("keys"))),
        (FACILITY, facility(sent.value("facility"))),
    ];
    for (name, value) in chosen {
        let Some(value) = value else { continue };
        let line = format!("{name}={value}; Path=/; Max-Age={SECONDS}; SameSite=Lax; HttpOnly");
        let line = HeaderValue::from_str(&line).map_err(Failure::internal)?;
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    Ok(response)
}

/// `GET /help`.
pub(super) async fn help(request: Request) -> MadePage {
    let reader = PageReader::of(&request);
    let page = HelpPage {
        head: reader.head(reader.words.help_title()),
    };
    html::page(&reader, &page)
}

/// `GET /help/{screen}`.
pub(super) async fn help_of(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let reader = PageReader::of(&request);
    let screen = request.path_params::<String>().map_err(poem::Error::from);
    let topic = HelpTopic::parse(&screen.map_err(Failure::from)?);
    let topic = topic.ok_or_else(|| Failure::new(Code::NotFound))?;
    let page = HelpTopicPage {
        head: reader.head(topic.title(reader.words)),
        duty: duty(&request, &mut body, topic).await,
        topic,
    };
    html::page(&reader, &page)
}

/// Whom the reader calls: known of somebody who has signed in at a facility. Everybody else reads
/// the help as well, without it.
async fn duty(request: &Request, body: &mut RequestBody, topic: HelpTopic) -> Option<String> {
    let app = App::of(request).ok()?;
    let token = cookies::session(request.headers(), &app.settings);
    if !topic.is_for_desks() || token.is_none() {
        return None;
    }
    let visit = Visit::<op::DeskPage>::begin(request, body).await.ok()?;
    Some(visit.duty().await.ok()?.said(visit.reader.words))
}

fn language(word: &str) -> Option<String> {
    let languages = [Language::Vi, Language::En];
    let mut known = languages.into_iter().map(Language::as_str);
    known.find(|known| *known == word).map(str::to_owned)
}

fn single_keys(word: &str) -> Option<String> {
    ["on", "off"].contains(&word).then(|| word.to_owned())
}

fn theme(word: &str) -> Option<String> {
    Theme::parse(word).map(|_| word.to_owned())
}

fn sound(word: &str) -> Option<String> {
    ["on", "off"].contains(&word).then(|| word.to_owned())
}

/// Whether the caller may work there is judged when a page is asked for.
fn facility(text: &str) -> Option<String> {
    Uuid::try_parse(text).ok().map(|id| id.to_string())
}
