// Pages that follow what happens. One stream a browser: the tab that holds the lock reads it and
// tells the others. Nothing is moved that is being looked at or filled in.

const bar = document.getElementById("live");
const NAME = "luutru-live";
const SETTLE_MILLISECONDS = 500;
const POLL_MILLISECONDS = 15_000;
const HIDDEN_POLL_MILLISECONDS = 60_000;
const AGAIN_MILLISECONDS = 60_000;

const regions = (from = document) => [...from.querySelectorAll("[data-live]")];
const part = (name) => bar.querySelector(`[data-${name}]`);
let waiting = 0;
let freshAt = Date.now();
let isPaused = false;
let isStreaming = false;
let isReading = false;
let settling = null;
let questions = Number(bar?.dataset.questions);

const isInUse = (region) =>
  region.matches(":hover, :focus-within") || region.querySelector("input:checked, details[open]") !== null;

// What there is to say.

function show() {
  bar.hidden = regions().length === 0;
  const { seconds, minutes, lost } = bar.dataset;
  const age = Math.max(0, Math.floor((Date.now() - freshAt) / 1000));
  const said = age < 60 ? seconds.replace("%", age) : minutes.replace("%", Math.floor(age / 60));
  part("fresh").textContent = isStreaming || age < 30 ? said : `${said} · ${lost}`;
  const button = part("show");
  button.hidden = waiting === 0;
  button.textContent = bar.dataset.waiting.replace("%", waiting);
}

setInterval(() => {
  if (document.hidden) return;
  if (waiting && !isPaused && settling === null && !regions().some(isInUse)) refresh();
  show();
}, 1000);

// Reading the page again, and putting what is new in its place.

async function refresh(isAsked = false) {
  if (isReading) return;
  isReading = true;
  try {
    const counted = waiting;
    const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
    if (!answer.ok || answer.redirected) {
      // A page that answered a form cannot be read again.
      isPaused = answer.status < 500;
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("main")) return;
    freshAt = Date.now();
    const left = regions().filter((region) => !put(region, page.getElementById(region.id), isAsked));
    waiting = left.length ? Math.max(1, counted) : Math.max(0, waiting - counted);
    ask(page.getElementById("live"));
    document.dispatchEvent(new Event("luutru:fresh"));
  } catch {
    // Offline: what is shown stays, and its age grows.
  } finally {
    isReading = false;
    show();
  }
}

function put(region, fresh, isAsked) {
  if (!fresh || fresh.innerHTML === (region.served ?? region.innerHTML)) return true;
  if (!isAsked && isInUse(region)) return false;
  const placed = document.importNode(fresh, true);
  placed.served = fresh.innerHTML;
  region.replaceWith(placed);
  window.htmx?.process(placed);
  return true;
}

// A question of the police.

function ask(fresh) {
  const count = Number(fresh?.dataset.questions ?? 0);
  if (count > questions) {
    document.title = `${bar.dataset.asked} · ${document.title}`;
    if ("sound" in bar.dataset) ring();
  }
  questions = count;
}

function ring() {
  const audio = new AudioContext();
  const gain = audio.createGain();
  gain.connect(audio.destination);
  [[0, 660], [0.18, 880]].forEach(([at, pitch]) => {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(gain);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.15);
  });
  gain.gain.setValueAtTime(0.15, audio.currentTime);
  gain.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  setTimeout(() => audio.close(), 1000);
}

// The stream.

const channel = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
let giveUp = null;

function hear(kind) {
  isStreaming = kind !== "lost";
  if (kind === "news") {
    waiting += 1;
    clearTimeout(settling);
    settling = setTimeout(() => {
      settling = null;
      if (!isPaused) refresh();
    }, SETTLE_MILLISECONDS);
  }
  show();
}

function tell(kind) {
  hear(kind);
  channel?.postMessage(kind);
}

if (channel) channel.onmessage = (event) => document.hidden || hear(event.data);

function listen(release) {
  const source = new EventSource("/desk/live");
  source.onopen = () => tell("open");
  source.onmessage = () => tell("news");
  source.onerror = () => {
    tell("lost");
    if (source.readyState !== EventSource.CLOSED) return;
    release();
    // Refused: pages are read every few seconds instead, and the stream is asked for later.
    setTimeout(() => document.hidden || follow(), AGAIN_MILLISECONDS);
  };
  return source;
}

function follow() {
  if (giveUp) return;
  const ending = new AbortController();
  const work = () => new Promise((end) => {
    const source = listen(end);
    ending.signal.addEventListener("abort", () => {
      source.close();
      end();
    });
  });
  giveUp = () => ending.abort();
  const done = () => { giveUp = null; };
  if (navigator.locks) navigator.locks.request(NAME, { signal: ending.signal }, work).then(done, done);
  else work().then(done);
}

function begin() {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return giveUp?.();
    refresh();
    follow();
  });
  setInterval(() => document.hidden && refresh(), HIDDEN_POLL_MILLISECONDS);
  setInterval(() => document.hidden || isStreaming || isPaused || refresh(), POLL_MILLISECONDS);
  part("show").addEventListener("click", () => refresh(true));
  part("pause").addEventListener("click", (event) => {
    isPaused = !isPaused;
    event.currentTarget.setAttribute("aria-pressed", isPaused);
    if (!isPaused && waiting) refresh();
  });
  addEventListener("pagehide", () => giveUp?.());
  addEventListener("focus", () => {
    const { asked } = bar.dataset;
    document.title = document.title.replaceAll(`${asked} · `, "");
  });
  if (!document.hidden) follow();
  show();
}

if (bar && "EventSource" in window) begin();
