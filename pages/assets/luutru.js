// What pages do beyond links and forms. Everything here has a way without it.
// Markup says what takes part by data-…; words come with the markup, none stand here.

const root = document.documentElement;
const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
root.classList.add("script");

// The countdown. It is not read out; one sentence is, at 60, 30, 10 and 5 minutes.

const SAID_AT = [60, 30, 10, 5];

function say(text) {
  const status = find("#status");
  if (status) status.textContent = text;
}

function tick() {
  const bar = find("#deadline");
  const clock = find("[data-countdown]");
  if (!bar || !clock || document.hidden) return;
  const left = Math.max(0, Math.floor((Date.parse(bar.dataset.at) - Date.now()) / 1000));
  const parts = [left / 3600, (left / 60) % 60, left % 60];
  clock.textContent = parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  bar.classList.toggle("soon", left < 3600);
  const progress = find("progress", bar);
  progress.value = Math.max(0, progress.max - left / 60);
  if (left % 60 === 0 && SAID_AT.includes(left / 60)) say(bar.dataset.announcement.replace("%", left / 60));
}
setInterval(tick, 1000);

// What is typed while a scan is on its way is held and goes into the field that the card opens.
// A second scan that comes meanwhile waits in line until the scan field is back. How many keys a
// declaration takes depends on nobody's speed: Tab and Ctrl+Enter are held like any other key.

const MRZ = /^[PIAC][A-Z0-9<\s]{29,}$/;
const BURST_MILLISECONDS = 100;
// A Tab by hand; amid a scan it separates the fields of a card's QR code.
const NEXT_FIELD = "\v";
const scanFormed = (text) => /[|~\t]/.test(text) || MRZ.test(text.trim());
let held = null;
let isSendHeld = false;
const inLine = [];
let lastKeyAt = 0;
let isBurst = false;

function hold(event) {
  isBurst = event.timeStamp - lastKeyAt < BURST_MILLISECONDS;
  lastKeyAt = event.timeStamp;
  if (held === null || event.altKey || event.metaKey) return;
  if (event.ctrlKey) {
    if (event.key !== "Enter" || !find("[data-send]")) return;
    isSendHeld = true;
  } else if (event.key === "Enter") held += "\n";
  else if (event.key === "Tab") held += isBurst && /[^\n]$/.test(held) ? "\t" : NEXT_FIELD;
  else if (event.key.length === 1) held += event.key;
  else return;
  event.preventDefault();
  event.stopPropagation();
}
document.addEventListener("keydown", hold, true);

// Letters that no key has come without one: from an input method, or from a scanner in another
// alphabet.
function holdText(event) {
  if (held === null || (event.type === "beforeinput" && event.inputType !== "insertText")) return;
  held += event.data ?? "";
  event.preventDefault();
  event.stopPropagation();
}
document.addEventListener("beforeinput", holdText, true);
document.addEventListener("compositionend", holdText, true);

function release() {
  const isAtScan = document.activeElement?.id === "scan";
  const lines = [...(isAtScan ? inLine.splice(0) : []), ...(held ?? "").split("\n")];
  held = null;
  while (lines.length) {
    let line = lines.shift();
    while (lines.length && MRZ.test(line.trim()) && !isWholeZone(line)) line += " " + lines.shift();
    const isSent = lines.length > 0;
    if (isSent && scanFormed(line) && !isAtScan) inLine.push(line);
    else typeIn(line, isSent);
    // What was sent is on its way: the rest waits for its answer.
    if (held !== null) {
      held = lines.join("\n");
      return;
    }
  }
  if (!isSendHeld) return;
  isSendHeld = false;
  find("[data-send]")?.click();
}

// Types where the cursor is, as the keys would have done.
function typeIn(line, isSent) {
  line.split(NEXT_FIELD).forEach((text, at) => {
    if (at > 0) nextField()?.focus();
    const field = document.activeElement;
    if (text && field?.form && field.tagName === "INPUT") field.value += text;
  });
  if (!isSent) return;
  const { activeElement: field } = document;
  if (field?.matches("button, a, summary")) field.click();
  else field?.form?.requestSubmit();
}

function nextField() {
  const fields = all("a[href], button, input, select, textarea, summary");
  const reached = fields.filter((field) => field.tabIndex >= 0 && !field.disabled && field.getClientRects().length);
  return reached[reached.indexOf(document.activeElement) + 1];
}

// A zone has two or three lines, each with an Enter: one that comes in a burst of keys is a part of
// it.

document.addEventListener("keydown", (event) => {
  const scan = event.target;
  if (scan.id !== "scan" || !isBurst) return;
  if (event.key === "Tab" && scan.value) {
    event.preventDefault();
    scan.value += "\t";
  }
  if (event.key === "Enter" && MRZ.test(scan.value.trim()) && !isWholeZone(scan.value)) {
    event.preventDefault();
    scan.value += " ";
    clearTimeout(scan.waiting);
    scan.waiting = setTimeout(() => scan.form.requestSubmit(), 3 * BURST_MILLISECONDS);
  }
});

// Two lines of 36 or 44, or three of 30.
const isWholeZone = (text) => [72, 88, 90].includes(text.replace(/\s/g, "").length);

// Requests of htmx: one at a time, a failed one keeps what was typed.

document.addEventListener("htmx:beforeRequest", (event) => {
  if (held !== null) return event.preventDefault();
  held = "";
  root.classList.add("busy");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const isElsewhere = find(".gate", page);
  if (find("#main", page) && !isElsewhere) return;
  event.detail.shouldSwap = false;
  if (find("#failed", page)) note(find("#failed .note", page));
  else location.assign(xhr.responseURL || location.href);
});

document.addEventListener("htmx:sendError", () => {
  const { offline, kept } = document.body.dataset;
  const fallback = document.createElement("div");
  fallback.className = "note att";
  fallback.setAttribute("role", "alert");
  fallback.append(document.createElement("div"));
  const [fact, advice] = [document.createElement("b"), document.createElement("p")];
  fact.textContent = offline;
  advice.textContent = find("#card") ? kept : "";
  fallback.firstChild.append(fact, advice);
  note(fallback);
});

function note(element) {
  const notes = find("#notes");
  if (notes && element) notes.replaceChildren(document.importNode(element, true));
}

// The page is busy for as long as keys are held: until the answer's fields are there to take them.
function free() {
  root.classList.remove("busy");
  release();
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful || !find("#main")) free();
});

// htmx reports every part that an answer replaces; keys are released once, by the one asked for.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== event.detail.target.id) return;
  arrive();
  free();
});

// What happens when a page, or a new part of it, is there.

function arrive() {
  const focused = find("#main [autofocus]") ?? find("#scan");
  focused?.focus({ preventScroll: !focused.matches(".summary, #scan") });
  const announced = find("[data-announce] h2");
  if (announced) say(announced.textContent.trim());
  const resend = find("[data-resend]");
  if (resend) setTimeout(() => find("#card")?.requestSubmit(), 2000);
  all("[data-undo]").forEach(offerUndo);
  const hidden = find("[data-hide-after]");
  if (hidden) setTimeout(() => location.assign(hidden.href), hidden.dataset.hideAfter * 1000);
  tick();
}

document.addEventListener("luutru:fresh", () => all("[data-undo]").forEach(offerUndo));

// Undo is offered for some seconds, and stays while it is looked at.

function offerUndo(form) {
  if (form.timer) return;
  let left = Number(form.dataset.undo);
  if (left <= 0) return form.remove();
  const show = () => {
    find("[data-seconds]", form).textContent = left > 0 ? `${left} s` : "";
  };
  show();
  form.timer = setInterval(() => {
    if (!form.isConnected) return clearInterval(form.timer);
    if (form.matches(":hover, :focus-within")) return;
    left -= 1;
    show();
    if (left > 0) return;
    clearInterval(form.timer);
    form.remove();
  }, 1000);
}

// Keys. Single letters work outside of fields only.

const areLettersOff = () => root.dataset.keys === "off";
const isTyping = (target) => /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && target.type !== "checkbox";

function press(selector) {
  const element = find(selector);
  if (!element) return false;
  if (element.tagName === "SUMMARY") {
    element.parentElement.open = true;
    find("input, select, textarea", element.nextElementSibling.querySelector(".field"))?.focus();
  } else element.click();
  return true;
}

function move(step) {
  const rows = all("[data-row]");
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.classList.contains("sel"));
  rows[at]?.classList.remove("sel");
  const row = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  row.classList.add("sel");
  find("a", row).focus();
  return true;
}

const KEYS = {
  Escape: () => press("[data-clear]"),
  F2: () => press("[data-open]"),
  F8: () => press('[data-key="F8"]'),
  F9: () => press('[data-key="F9"]'),
};

const LETTERS = {
  "/": () => { find("#scan, #find")?.focus(); return true; },
  "?": () => { find("#keys")?.showModal(); return true; },
  j: () => move(1),
  k: () => move(-1),
  x: () => press("[data-row].sel [type=checkbox]"),
  e: () => press('[data-key="e"]'),
  g: () => press('[data-key="g"]'),
  d: () => press('[data-key="d"]') || press("#list .bar .pri"),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || find("#keys")?.open) return;
  if (event.altKey && event.key.toLowerCase() === "z") {
    if (press("[data-undo] button")) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter" && event.target.classList.contains("summary")) {
    event.preventDefault();
    find(find("a", event.target).hash)?.focus();
    return;
  }
  const action = KEYS[event.key] ?? (areLettersOff() || isTyping(event.target) ? null : LETTERS[event.key.toLowerCase()]);
  if (action?.()) event.preventDefault();
});

// Clicks.

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.closest("[data-print]")) print();
  const camera = target.closest("[data-camera]");
  if (camera) openCamera(camera);
  const shortcuts = target.closest("[data-keys]");
  if (shortcuts && find("#keys")) {
    event.preventDefault();
    find("#keys").showModal();
  }
  const link = target.closest(".summary a");
  if (link) {
    event.preventDefault();
    find(link.hash)?.focus();
  }
});

document.addEventListener("change", (event) => {
  const shown = event.target.dataset.show;
  if (shown) find("#" + shown).type = event.target.checked ? "text" : "password";
  if (event.target.matches("[data-picture]")) choosePicture(event.target);
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-code]") && /^\d{6}$/.test(event.target.value)) event.target.form.requestSubmit();
});

async function choosePicture(input) {
  const [picture] = input.files;
  input.value = "";
  find("#camera").close();
  root.classList.add("busy");
  if (picture) await sendPicture(picture, "");
  root.classList.remove("busy");
}

async function openCamera(button) {
  if (!navigator.mediaDevices) return find("#picture").click();
  const camera = await import(button.dataset.camera);
  await camera.open(find("#camera"), (picture) => sendPicture(picture, "1"));
}

// Whether there was an answer; of a picture of the camera without a code there is none.
async function sendPicture(picture, live) {
  try {
    const room = find("[name=room]", find(".scan"))?.value ?? "";
    // A room says who sleeps where: it stands in no address.
    const answer = await fetch("/desk/picture", {
      method: "POST",
      headers: { "Content-Type": picture.type, "Luutru-Form": String(new URLSearchParams({ room, live })) },
      body: picture,
    });
    if (answer.status === 204) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (find("#failed", page)) note(find("#failed .note", page));
    else {
      find("#main").replaceWith(find("#main", page));
      htmx.process(find("#main"));
      arrive();
    }
  } catch {
    document.dispatchEvent(new Event("htmx:sendError"));
  }
  return true;
}

arrive();
