// Lists to choose from, and files that are read into a field. Both have a way without it.

const all = (selector, from = document) => [...from.querySelectorAll(selector)];

// How many are chosen is told beside the buttons.

function count(form) {
  const chosen = all("[name=stay]:checked", form).length;
  const told = form.querySelector("[data-chosen]");
  if (told) told.textContent = chosen ? told.dataset.chosen.replace("%", chosen) : "";
  for (const row of all("[data-row]", form)) {
    row.classList.toggle("is-chosen", Boolean(row.querySelector("[name=stay]:checked")));
  }
}

document.addEventListener("change", async ({ target }) => {
  const form = target.closest("[data-choices]");
  if (form && target.matches("[data-all]")) {
    for (const box of all("[name=stay]", form)) box.checked = target.checked;
  }
  if (form) count(form);
  if (target.matches("[data-into]") && target.files[0]) {
    document.getElementById(target.dataset.into).value = await target.files[0].text();
    target.value = "";
  }
});
