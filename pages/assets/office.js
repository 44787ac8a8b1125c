// What the pages of the office do beyond links and forms. Everything here has a way without it.

// A second click while the answer is on its way sends nothing: it would end the first request, and
// what is shown once would not be seen.
const SENDING_MILLISECONDS = 5000;
document.addEventListener("submit", (event) => {
  const { dataset, method } = event.target;
  if (method !== "post") return;
  if (dataset.sending) return event.preventDefault();
  dataset.sending = "1";
  setTimeout(() => delete dataset.sending, SENDING_MILLISECONDS);
});

// Copies what is shown once.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const shown = document.getElementById(button.dataset.copy);
  const range = document.createRange();
  range.selectNodeContents(shown);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  await navigator.clipboard?.writeText(shown.textContent).catch(() => {});
});
