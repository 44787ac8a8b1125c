// Declaring while the connection is lost. What is typed is sealed to the service's public key before
// it is kept, so that nobody can read it in the browser's profile; only time and room are readable.
// It is declared once the service has answered with a receipt, and only then leaves the list.

const find = (selector, from = document) => from.querySelector(selector);
const text = new TextEncoder();
const SHELL = "/desk/offline";
const RETRY_MILLISECONDS = 5_000;
const HOUR_MILLISECONDS = 3_600_000;
const list = () => find("#drafts");
const isShell = () => find("main[data-shell]") !== null;

// The store.

function opened() {
  return new Promise((done, fail) => {
    const request = indexedDB.open("luutru", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "key" });
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

async function inStore(mode, work) {
  const db = await opened();
  try {
    return await new Promise((done, fail) => {
      const transaction = db.transaction("drafts", mode, { durability: "strict" });
      const request = work(transaction.objectStore("drafts"));
      transaction.oncomplete = () => done(request.result);
      transaction.onerror = () => fail(transaction.error);
    });
  } finally {
    db.close();
  }
}

const keep = (draft) => inStore("readwrite", (store) => store.put(draft));
const forget = (key) => inStore("readwrite", (store) => store.delete(key));

/** Those of this facility, the nearest deadline first. */
async function drafts() {
  const all = await inStore("readonly", (store) => store.getAll());
  const facility = list()?.dataset.facility;
  return all.filter((draft) => draft.facility === facility).sort((one, other) => one.due - other.due);
}

// Sealing: ECDH with a key of this draft alone, HKDF, AES-GCM.

const bytesOf = (coded) => Uint8Array.from(atob(coded.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const codeOf = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...new Uint8Array(part)]));

async function seal(plain, context, theirs) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const ours = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const peer = await crypto.subtle.importKey("raw", theirs, curve, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: peer }, ours.privateKey, 256);
  const point = await crypto.subtle.exportKey("raw", ours.publicKey);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: joined(point, theirs), info: text.encode("luutru draft 1") };
  const key = await crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const way = { name: "AES-GCM", iv, additionalData: text.encode(context) };
  const sealed = await crypto.subtle.encrypt(way, key, text.encode(plain));
  return codeOf(joined(point, iv, sealed));
}

// Clock times of Viet Nam, whatever the device is set to.

const local = (at) => new Date(at + 7 * HOUR_MILLISECONDS);
const two = (number) => String(number).padStart(2, "0");
const clock = (at) => `${two(local(at).getUTCHours())}:${two(local(at).getUTCMinutes())}`;
const written = (at) => {
  const day = local(at);
  return `${two(day.getUTCDate())}/${two(day.getUTCMonth() + 1)}/${day.getUTCFullYear()} ${clock(at)}`;
};

function atLocal(at, days, hour) {
  const day = local(at);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + days, hour) - 7 * HOUR_MILLISECONDS;
}

function deadline(at, nationality) {
  if (nationality && nationality !== "VNM") return at + 12 * HOUR_MILLISECONDS;
  return local(at).getUTCHours() < 23 ? atLocal(at, 0, 23) : atLocal(at, 1, 8);
}

// A card that got no answer.

async function keepCard(form) {
  const { facility, sealKey } = list().dataset;
  const key = form.elements.key.value || crypto.randomUUID();
  form.elements.key.value = key;
  const pairs = new URLSearchParams(new FormData(form));
  const at = Date.now();
  await keep({
    key,
    facility,
    at,
    room: pairs.get("room") ?? "",
    due: deadline(at, pairs.get("nationality")),
    sealed: await seal(pairs.toString(), `${key} ${facility}`, bytesOf(sealKey)),
  });
  navigator.storage?.persist?.();
}

async function show() {
  const section = list();
  if (!section) return;
  const waiting = await drafts();
  const { room, due } = section.dataset;
  section.hidden = waiting.length === 0;
  find("[data-count]", section).textContent = waiting.length;
  find(".list", section).replaceChildren(...waiting.map((draft) => {
    const line = document.importNode(find("template", section).content, true);
    find("[data-room]", line).textContent = room.replace("%", draft.room || "–");
    find("[data-times]", line).textContent = due.replace("%1", clock(draft.at)).replace("%2", clock(draft.due));
    find("[data-waits]", line).hidden = draft.isFaulty === true;
    find("[data-faulty]", line).hidden = !draft.isFaulty;
    const mend = find("[data-mend]", line);
    mend.hidden = !draft.isFaulty;
    mend.elements.key.value = draft.key;
    mend.elements.sealed.value = draft.sealed;
    return line;
  }));
}

function say(said) {
  const status = find("#status");
  if (status) status.textContent = said;
}

// Sending: one after the other, the nearest deadline first.

const TALLY = "luutru-sent";
let sending = null;

/** Whoever asks while some are being sent waits for the same end. */
function send() {
  sending ??= sendAll().finally(() => { sending = null; });
  return sending;
}

async function sendAll() {
  if (!list()) return;
  try {
    for (const draft of await drafts()) {
      if (!draft.isFaulty && !(await sendOne(draft))) break;
    }
  } catch {
    // Still offline.
  }
  await show();
  if (!isShell()) tellSent();
}

const tally = () => (sessionStorage.getItem(TALLY) ?? "0 0").split(" ").map(Number);

/** One after the other, so that a page that is left meanwhile takes none of the count with it. */
function countSent(isLate) {
  const [sent, late] = tally();
  sessionStorage.setItem(TALLY, `${sent + 1} ${late + (isLate ? 1 : 0)}`);
}

/** Whether to go on with the next one. */
async function sendOne(draft) {
  const body = new URLSearchParams({ key: draft.key, sealed: draft.sealed });
  const answer = await fetch("/desk/sealed", { method: "POST", body });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (new URL(answer.url).searchParams.has("sent") && find("#ok-h", page)) {
    await forget(draft.key);
    countSent(find("#ok-h", page).classList.contains("c-late"));
    return true;
  }
  if (answer.status === 422 || (answer.ok && find("#card .err, .summary", page))) {
    await keep({ ...draft, isFaulty: true });
    return true;
  }
  return false;
}

function tellSent() {
  const [sent, late] = tally();
  sessionStorage.removeItem(TALLY);
  if (!sent || !list()) return;
  const { sent: all, sentLate } = list().dataset;
  const said = late ? sentLate.replace("%1", sent).replace("%2", late) : all.replace("%", sent);
  const note = document.createElement("div");
  note.className = late ? "note soon" : "note ok";
  note.append(document.createElement("b"));
  note.firstChild.textContent = said;
  find("#notes")?.replaceChildren(note);
  say(said);
}

// The page without a connection, in place of the one that got no answer.

async function showShell(scanned = "") {
  const kept = await caches.match(SHELL);
  if (!kept) return false;
  const page = new DOMParser().parseFromString(await kept.text(), "text/html");
  find("#main").replaceWith(document.importNode(find("#main", page), true));
  beginShell();
  await show();
  fill(scanned);
  return true;
}

function beginShell() {
  const said = find("[data-since]");
  said.textContent = said.dataset.since.replace("%", clock(Date.now()));
  find("[data-draft]").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const wrong = ["number", "full_name", "room"].find((name) => !form.elements[name].value.trim());
    if (wrong) return form.elements[wrong].focus();
    await keepCard(form);
    form.reset();
    blank(form);
    await show();
    find("#scan").focus();
  });
  find("[data-draft]").addEventListener("reset", (event) => setTimeout(() => blank(event.target)));
  find("[data-offline-scan]").addEventListener("submit", (event) => {
    event.preventDefault();
    fill(find("#scan").value);
    find("#scan").value = "";
  });
  blank(find("[data-draft]"));
  find("#scan").focus();
}

function blank(form) {
  const now = Date.now();
  Object.assign(form.elements.key, { value: "" });
  form.elements.source.value = "typed";
  form.elements.kind.value = "citizen_card";
  form.elements.arrival.value = written(now);
  form.elements.departure.value = written(atLocal(now, 1, 12));
}

/** What a card's QR code holds, or a number. */
function fill(scanned) {
  const form = find("[data-draft]");
  const said = scanned.trim();
  if (!said) return;
  const [number, , name, birth, sex, address] = said.split(/[|~\t]/);
  const put = (field, value) => { form.elements[field].value = value; };
  put("number", number.replace(/[ .]/g, "").toUpperCase());
  put("kind", /^\d{12}$/.test(form.elements.number.value) ? "citizen_card" : "passport");
  if (name) {
    put("full_name", name);
    put("birth_date", birth?.replace(/^(\d\d)(\d\d)(\d{4})$/, "$1/$2/$3") ?? "");
    put("sex", { Nam: "male", "Nữ": "female" }[sex] ?? "");
    put("address", address ?? "");
    put("source", "qr");
  }
  form.elements[name ? "room" : "full_name"].focus();
}

async function isBack() {
  try {
    return (await fetch("/livez", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

async function look() {
  const waiting = await drafts().catch(() => []);
  if (!isShell() && !waiting.some((draft) => !draft.isFaulty)) return;
  if (!(await isBack())) return;
  await send();
  const form = find("[data-draft]");
  const isUntouched = !form || !(form.elements.number.value || form.elements.full_name.value);
  if (isShell() && isUntouched) location.assign("/desk");
}

// What of a page takes part.

document.addEventListener("htmx:sendError", async (event) => {
  const { path } = event.detail.requestConfig;
  if (!list() || !window.caches || !crypto.subtle || !(await caches.match(SHELL))) return;
  const form = find("#card");
  if (path === "/desk/stays" && form) {
    await keepCard(form);
    await showShell();
  } else if (path === "/desk/scan") {
    await showShell(event.detail.requestConfig.parameters?.scan ?? find("#scan")?.value ?? "");
  }
});

document.addEventListener("htmx:afterSettle", () => { show(); });

/** A card that was opened to be mended leaves the list with its receipt. */
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.path === "/desk/stays" && list()) list().dataset.pending = find("#card").elements.key.value;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { pathname, search } = new URL(event.detail.xhr.responseURL || location.href);
  const key = list()?.dataset.pending;
  if (key && pathname === "/desk" && search.includes("sent=")) forget(key).then(show);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("action") !== "/sign-out" || form.isConfirmed) return;
  event.preventDefault();
  inStore("readonly", (store) => store.count()).catch(() => 0).then((count) => {
    if (count && !confirm(form.dataset.drafts.replace("%", count))) return;
    navigator.serviceWorker?.controller?.postMessage("forget");
    form.isConfirmed = true;
    form.requestSubmit();
  });
});

addEventListener("online", look);
setInterval(look, RETRY_MILLISECONDS);
document.addEventListener("click", (event) => event.target.closest("[data-send]") && look());

async function begin() {
  if (isShell()) beginShell();
  if (navigator.serviceWorker && !isShell()) {
    const kept = await navigator.serviceWorker.register("/desk/worker.js", { scope: "/desk" }).catch(() => null);
    kept?.active?.postMessage("shell");
  }
  await show();
  tellSent();
  await look();
}

if (window.indexedDB) begin();
