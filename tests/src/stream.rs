//! A stream of server-sent events, read as a client would.

use std::time::Duration;

use tokio::time::timeout;

/// An answer that goes on.
pub struct EventStream {
    response: reqwest::Response,
    text: String,
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamedEvent {
    /// Where to resume after it.
    pub id: String,
    /// Its type.
    pub event: String,
    /// Its JSON.
    pub data: serde_json::Value,
}

impl EventStream {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        let content_type = response.headers().get("content-type");
        assert_eq!(
            content_type.and_then(|value| value.to_str().ok()),
            Some("text/event-stream")
        );
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next event, past comments and hints; `None` when the stream has ended.
    pub async fn next(&mut self, limit: Duration) -> Option<StreamedEvent> {
        timeout(limit, self.read())
            .await
            .unwrap_or_else(|_| panic!("no event within {limit:?}"))
    }

    /// Where the stream begins, as it says before its first event.
    pub async fn place(&mut self, limit: Duration) -> String {
        let read = async {
            while !self.text.contains("\n\n") {
                let chunk = self.response.chunk().await.expect("a part of the stream");
                let chunk = chunk.expect("a stream that goes on");
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
            let mut lines = self.text.lines();
            let id = lines.find_map(|line| line.strip_prefix("id: "));
            id.expect("an id at once").to_owned()
        };
        let place = timeout(limit, read).await;
        place.unwrap_or_else(|_| panic!("no id within {limit:?}"))
    }

    async fn read(&mut self) -> Option<StreamedEvent> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parse(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

fn parse(block: &str) -> Option<StreamedEvent> {
    let field = |name: &str| {
        let mut lines = block.lines();
        let text = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        text.map(str::to_owned)
    };
    Some(StreamedEvent {
        data: serde_json::from_str(&field("data")?).expect("data is JSON"),
        id: field("id").expect("an event has an id"),
        // One without a type is a message (HTML Standard, section 9.2.6).
        event: field("event").unwrap_or_else(|| "message".to_owned()),
    })
}
