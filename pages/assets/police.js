// What an officer's pages do beyond links and forms. Everything here has a way without it.

const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

function say(text) {
  const status = find("#status");
  if (status) status.textContent = text;
}

// The lease. It is not read out; one sentence is, two minutes before its end, and one at its end.

const NEAR_SECONDS = 120;

function tick() {
  const bar = find("#lease");
  const clock = find("[data-left]", bar ?? document);
  if (!bar || !clock || document.hidden) return;
  const left = Math.max(0, Math.floor((Date.parse(bar.dataset.at) - Date.now()) / 1000));
  clock.textContent = [left / 60, left % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  find("progress", bar).value = left;
  bar.classList.toggle("soon", left <= NEAR_SECONDS);
  const stage = left === 0 ? "over" : left <= NEAR_SECONDS ? "near" : "";
  if (stage && stage !== bar.dataset.said) say(bar.dataset[stage]);
  bar.dataset.said = stage;
}
setInterval(tick, 1000);
tick();

// Holding longer changes the bar alone, so that what is typed stays.
document.addEventListener("submit", async (event) => {
  if (event.target.id !== "extension") return;
  event.preventDefault();
  try {
    const answer = await fetch(event.target.action, { method: "POST", body: new URLSearchParams({ back: "" }) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !find(".deadline", page)) return event.target.submit();
    const back = find("[name=back]", event.target).value;
    find("#lease").replaceWith(document.importNode(find(".deadline", page), true));
    const field = find("#extension [name=back]");
    if (field) field.value = back;
    find("#extension button")?.focus();
    say(find("#notes .note b", page)?.textContent ?? "");
    tick();
  } catch {
    event.target.submit();
  }
});

// The queue. The first case has the focus at the beginning, so that Enter takes it.

function begin() {
  const row = find("[data-row]");
  if (!row || document.activeElement !== document.body) return;
  row.classList.add("sel");
  find("a", row).focus({ preventScroll: true });
}
begin();

// What has changed meanwhile is counted, and shown when the officer asks: a list never moves under
// the cursor. A page that nobody looks at or touches asks for nothing, so that its session ends.

const POLL_MILLISECONDS = 15_000;
const TOUCHED_MILLISECONDS = 600_000;
let touchedAt = Date.now();
let news = null;

for (const kind of ["keydown", "pointerdown", "pointermove"]) {
  document.addEventListener(kind, () => { touchedAt = Date.now(); }, { passive: true });
}

const texts = (page) => new Map(all("[data-case]", page).map((row) => [
  row.dataset.case,
  [".b", "td:last-child"].map((part) => find(part, row)?.textContent).join(),
]));

function differences(one, other) {
  const [shown, known] = [texts(one), texts(other)];
  const changed = [...known].filter(([id, text]) => shown.get(id) !== text);
  const gone = [...shown.keys()].filter((id) => !known.has(id));
  return changed.length + gone.length;
}

async function poll() {
  const button = find("#changes");
  if (!button || document.hidden || Date.now() - touchedAt > TOUCHED_MILLISECONDS) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !find("#cases", page)) return;
    const count = differences(document, page);
    news = count ? page : null;
    button.hidden = !count;
    button.textContent = button.dataset.text.replace("%", count);
  } catch {
    // The next turn asks again.
  }
}
setInterval(poll, POLL_MILLISECONDS);

function showNews() {
  const at = find("[data-row].sel")?.dataset.case;
  for (const part of ["#cases", ".stats", ".head .sub", "#places"]) {
    const [old, next] = [find(part), find(part, news)];
    if (old && next) old.replaceWith(document.importNode(next, true));
  }
  news = null;
  find("#changes").hidden = true;
  const row = all("[data-row]").find((one) => one.dataset.case === at) ?? find("[data-row]");
  row?.classList.add("sel");
  (row ? find("a", row) : find("#main")).focus({ preventScroll: true });
}
find("#changes")?.addEventListener("click", showNews);

// Keys. Single letters work outside of fields only.

const isTyping = (target) => /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && !/^(radio|checkbox)$/.test(target.type);

function choose(number) {
  const option = find(`[data-choice="${number}"]`);
  if (!option) return false;
  option.checked = true;
  option.focus();
  reason(option);
  return true;
}

// Each decision has a usual reason, which takes the place of one that was not chosen by hand.
function reason(option) {
  const select = find("#reason");
  if (select && !select.dataset.chosen) select.value = option.dataset.reason;
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-choice]")) reason(target);
  if (target.id === "reason") target.dataset.chosen = "1";
});

function enter(target) {
  const button = find("button", target.closest("[data-row]") ?? document.createElement("i"));
  if (button) {
    button.click();
    return true;
  }
  if (target !== document.body && target.id !== "main") return false;
  const form = find("#decision");
  const take = find('[data-key="Enter"]');
  if (form) form.requestSubmit(find("button.pri", form));
  else take?.click();
  return Boolean(form || take);
}

function go(key) {
  const link = find(`[data-key="${key}"]`);
  link?.click();
  return Boolean(link);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || find("#keys")?.open) return;
  const { key, target } = event;
  if (isTyping(target)) return;
  const isDone = key === "Enter" ? enter(target) : /^[1-4]$/.test(key) ? choose(key) : /^[jkn]$/i.test(key) && go(key.toLowerCase());
  if (isDone) event.preventDefault();
});
