// What pages of many guests do beyond links and forms. Everything here has a way without it.

const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const CHECK_AFTER_MILLISECONDS = 300;

function say() {
  const said = find("[data-said]");
  if (said) find("#status").textContent = said.textContent.trim();
}

// A table that is pasted anywhere becomes rows; text of one line goes where the cursor is.

document.addEventListener("paste", (event) => {
  const form = find("[data-rows]");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!form || !find("#table") || event.target.id === "table" || !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  find("#table").value = text;
  form.requestSubmit(find("[data-paste]"));
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter" && find("[data-send]")) {
    event.preventDefault();
    find("[data-send]").click();
  }
  if (event.altKey && event.key === "ArrowDown") {
    const fields = all("main input, main select, main textarea");
    const at = fields.indexOf(document.activeElement);
    const isBad = (field) => field.getAttribute("aria-invalid") === "true";
    const next = fields.slice(at + 1).find(isBad) ?? fields.find(isBad);
    if (next) event.preventDefault();
    next?.focus();
  }
});

// A row that is corrected is judged at once. Nothing moves: a row keeps its place, and the field
// with the cursor stays as it is.

let changes = 0;
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-still]") || !event.target.closest("[data-rows] tbody, [data-rows] .g6")) return;
  changes += 1;
  const mine = changes;
  setTimeout(() => mine === changes && check(mine), CHECK_AFTER_MILLISECONDS);
});

async function check(mine) {
  const form = find("[data-rows]");
  if (!form) return;
  const sent = new URLSearchParams(new FormData(form));
  for (const name of ["scan", "table"]) sent.set(name, "");
  const answer = await fetch(form.getAttribute("action"), { method: "POST", body: sent }).catch(() => null);
  if (!answer?.ok || mine !== changes || form !== find("[data-rows]")) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const row of all("tbody tr", form)) {
    const judged = find("#" + row.id, page);
    if (!judged) continue;
    row.className = judged.className;
    [...row.cells].forEach((cell, at) => refresh(cell, judged.cells[at]));
  }
  refresh(find("#tally"), find("#tally", page));
  refresh(find("#rows-h")?.parentElement, find("#rows-h", page)?.parentElement);
}

function refresh(old, fresh) {
  if (!old || !fresh) return;
  if (!old.contains(document.activeElement)) old.replaceWith(document.importNode(fresh, true));
  // Only the badge is new where the cursor is beside it.
  else if (old.matches(".acts")) refresh(find(".b", old), find(".b", fresh));
}

// A file that is dropped anywhere on its card is chosen.

const over = (event) => {
  const drop = event.target.closest?.(".drop");
  find(".drop")?.classList.toggle("over", Boolean(drop) && event.type === "dragover");
  if (drop) event.preventDefault();
  return drop;
};
document.addEventListener("dragover", over);
document.addEventListener("drop", (event) => {
  if (over(event)) find("#file").files = event.dataTransfer.files;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== event.detail.target.id) return;
  say();
  if (find("[data-resend]") && find("[data-send]")) setTimeout(() => find("[data-send]")?.click(), 2000);
});
say();
