//! What a client asks of PostgreSQL, read from its bytes as far as to know when it commits: by the
//! word COMMIT, or by a writing statement outside of a transaction.

use std::collections::HashSet;

const PROTOCOL_VERSION: u32 = 196_608;
/// Words of statements that write.
const WRITING: [&str; 3] = ["INSERT INTO ", "DELETE FROM ", " SET "];

/// What was asked on one connection so far.
#[derive(Default)]
pub(crate) struct Questions {
    /// The part of a message that has come.
    unread: Vec<u8>,
    has_begun: bool,
    is_in_transaction: bool,
    /// Names of prepared statements that write.
    writing: HashSet<String>,
    /// The statement that runs next writes.
    will_write: bool,
    /// A statement has written what the end of the question commits.
    has_written: bool,
}

/// What some bytes asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Statements that are run by it.
    pub(crate) statement_count: u32,
    /// Whether something is committed by it.
    pub(crate) commits: bool,
}

impl Questions {
    /// Reads on.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Asked {
        self.unread.extend_from_slice(bytes);
        let mut asked = Asked::default();
        while let Some(message) = self.next_message() {
            self.note(&message, &mut asked);
        }
        asked
    }

    /// The next whole message: its kind, or zero before the connection has begun, and what follows
    /// its length.
    fn next_message(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind_length = usize::from(self.has_begun);
        let length = self.unread.get(kind_length..kind_length + 4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let end = kind_length + usize::try_from(length).ok()?;
        if self.unread.len() < end {
            return None;
        }
        let kind = if self.has_begun { self.unread[0] } else { 0 };
        let message = self.unread.drain(..end).skip(kind_length + 4).collect();
        Some((kind, message))
    }

    fn note(&mut self, (kind, message): &(u8, Vec<u8>), asked: &mut Asked) {
        let mut texts = message.split(|byte| *byte == 0);
        let mut text = || String::from_utf8_lossy(texts.next().unwrap_or_default()).into_owned();
        match kind {
            0 => self.has_begun = message.starts_with(&PROTOCOL_VERSION.to_be_bytes()),
            b'Q' => {
                asked.statement_count += 1;
                asked.commits |= self.runs(&text());
            }
            b'P' => {
                let (name, is_writing) = (text(), writes(&text()));
                self.writing.remove(&name);
                self.writing.extend(is_writing.then_some(name));
            }
            b'B' => {
                let (_portal, statement) = (text(), text());
                self.will_write = self.writing.contains(&statement);
            }
            b'E' => {
                asked.statement_count += 1;
                self.has_written |= self.will_write && !self.is_in_transaction;
            }
            b'S' => asked.commits |= std::mem::take(&mut self.has_written),
            _ => {}
        }
    }

    /// A statement without parameters; answers whether it commits.
    fn runs(&mut self, text: &str) -> bool {
        if text.starts_with("BEGIN") {
            self.is_in_transaction = true;
        } else if text.starts_with("COMMIT") {
            self.is_in_transaction = false;
            return true;
        } else if text == "ROLLBACK" {
            self.is_in_transaction = false;
        }
        writes(text) && !self.is_in_transaction
    }
}

fn writes(text: &str) -> bool {
    WRITING.iter().any(|word| text.contains(word))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A message as a client sends it.
    pub(crate) fn message(kind: u8, parts: &[&str]) -> Vec<u8> {
        let content: Vec<u8> = parts
            .iter()
            .flat_map(|part| part.bytes().chain([0]))
            .collect();
        let length = u32::try_from(content.len() + 4).unwrap();
        [&[kind], length.to_be_bytes().as_slice(), &content].concat()
    }

    /// What a client says first.
    pub(crate) fn beginning() -> Vec<u8> {
        let length = 8_u32.to_be_bytes();
        [length, PROTOCOL_VERSION.to_be_bytes()].concat()
    }

    fn begun() -> Questions {
        let mut questions = Questions::default();
        let encryption = [8_u32.to_be_bytes(), 80_877_103_u32.to_be_bytes()].concat();
        assert_eq!(questions.read(&encryption), Asked::default());
        assert_eq!(questions.read(&beginning()), Asked::default());
        questions
    }

    fn commits(questions: &mut Questions, messages: &[Vec<u8>]) -> bool {
        questions.read(&messages.concat()).commits
    }

    #[test]
    fn a_commit_is_seen_in_parts() {
        let mut questions = begun();
        assert!(!commits(&mut questions, &[message(b'Q', &["BEGIN"])]));
        let insert = message(b'Q', &["INSERT INTO note VALUES (1)"]);
        assert!(!commits(&mut questions, std::slice::from_ref(&insert)));
        let commit = message(b'Q', &["COMMIT"]);
        let (first, rest) = commit.split_at(8);
        assert_eq!(questions.read(first), Asked::default());
        let asked = questions.read(rest);
        assert_eq!((asked.statement_count, asked.commits), (1, true));
        assert!(commits(&mut questions, &[insert]));
        assert!(!commits(&mut questions, &[message(b'Q', &["SELECT 1"])]));
    }

    #[test]
    fn a_prepared_statement_commits_outside_of_transactions_if_it_writes() {
        let mut questions = begun();
        let prepare = |name, text| message(b'P', &[name, text]);
        let run = |name| [message(b'B', &["", name]), message(b'E', &[""])].concat();
        let sync = || message(b'S', &[]);
        let prepared = [
            prepare(
                "writes",
                "WITH v AS (SELECT 1) INSERT INTO note SELECT * FROM v",
            ),
            prepare("reads", "SELECT 1 FROM note FOR UPDATE"),
            sync(),
        ];
        assert!(!commits(&mut questions, &prepared));
        assert!(!commits(&mut questions, &[run("writes")]));
        assert!(commits(&mut questions, &[sync()]));
        assert!(!commits(&mut questions, &[run("reads"), sync()]));
        assert!(!commits(&mut questions, &[message(b'Q', &["BEGIN"])]));
        assert!(!commits(&mut questions, &[run("writes"), sync()]));
        assert!(!commits(&mut questions, &[message(b'Q', &["ROLLBACK"])]));
        assert!(commits(&mut questions, &[run("writes"), sync()]));
    }
}
