//! The sessions of an account as a table, each with a button that ends it.

use domain::account::Account;
use domain::session::{Session, Stage};
use pages::badge::{Badge, Tone};
use pages::icon::Icon;
use pages::moment;
use pages::office::{Act, Button, Cell, Column, Row, Table};
use pages::words::Words;
use uuid::Uuid;

/// The sessions of an account, the newest first; without `path` they are only looked at.
pub(super) fn table(
    words: Words,
    (account, sessions): (&Account, &[Session]),
    current: Option<Uuid>,
    path: Option<&str>,
) -> Table {
    let rows = sessions.iter().map(|session| {
        let mut cells = vec![
            Cell::Number(moment::short(session.created_at)),
            Cell::Number(moment::short(session.last_used_at)),
            Cell::Number(moment::short(session.expires_at(account))),
            Cell::State(badge(words, session, current), String::new()),
        ];
        if let Some(path) = path {
            let about = words.session_of(moment::short(session.created_at));
            cells.push(Cell::Acts(vec![Act::Send {
                action: format!("{path}/{}", session.id),
                hidden: Vec::new(),
                button: Button::plain(Icon::LogOut, words.end_session()).about(about),
            }]));
        }
        Row::plain(cells)
    });
    let mut columns = vec![
        Column::text(words.session_since()),
        Column::text(words.session_used()),
        Column::text(words.session_until()),
        Column::text(words.state_word()),
    ];
    if path.is_some() {
        columns.push(Column::acts(words.what_to_do()));
    }
    Table {
        words,
        id: "sessions",
        heading: words.sessions().to_owned(),
        hint: String::new(),
        acts: Vec::new(),
        columns,
        rows: rows.collect(),
        empty: (Icon::LogOut, words.no_sessions().to_owned()),
        more: None,
    }
}

fn badge(words: Words, session: &Session, current: Option<Uuid>) -> Badge {
    if current == Some(session.id) {
        return Badge::new(Tone::Go, Icon::Check, words.this_session());
    }
    match session.stage {
        Stage::Complete => Badge::new(Tone::Ok, Icon::CircleCheck, words.other_session()),
        Stage::Password => Badge::new(Tone::Soon, Icon::Clock, words.pending_session()),
    }
}
