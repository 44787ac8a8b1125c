//! A network link that can be cut: a TCP proxy between a service and something it needs.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::{AbortHandle, JoinSet},
};

/// A link to one address. Ends with the test that made it.
pub struct Link {
    address: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    changed: Notify,
}

impl Link {
    /// A link to `HOST:PORT`.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State::default());
        let mut tasks = JoinSet::new();
        let task = tasks.spawn(carry(listener, target.to_owned(), Arc::clone(&state)));
        tasks.detach_all();
        Self {
            address,
            state,
            task,
        }
    }

    /// A link to the server of a `postgres://…` address: the link and the address through it.
    pub async fn to_database(url: &str) -> (Self, String) {
        let (before, rest) = url.split_once('@').expect("an address with a user");
        let (authority, path) = rest.split_once('/').expect("an address with a database");
        let link = Self::to(authority).await;
        let through = format!("{before}@{}/{path}", link.address);
        (link, through)
    }

    /// Cuts every connection and refuses new ones.
    pub fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        self.state.changed.notify_waiters();
    }

    /// Carries again.
    pub fn mend(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(listener: TcpListener, target: String, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        connections.spawn(carry_one(near, target.clone(), Arc::clone(&state)));
    }
}

async fn carry_one(mut near: TcpStream, target: String, state: Arc<State>) {
    // Looked at only after listening for the cut, so that none slips through between the two.
    let cut = state.changed.notified();
    if state.is_cut.load(Ordering::SeqCst) {
        return;
    }
    let carried = async {
        let mut far = TcpStream::connect(target).await?;
        copy_bidirectional(&mut near, &mut far).await
    };
    tokio::select! {
        () = cut => {}
        _ = carried => {}
    }
}
