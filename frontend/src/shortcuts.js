// Shortcuts of single keys: ? shows them all, g and a letter go to a page of the navigation. A switch in their list turns
// them off, for those who speak to their computer or hit keys unawares.
const dialog = document.getElementById("shortcuts");
const KEY = "single-keys";
const SOON = 1500;

function stored() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true; // Storage is closed to this page: the default holds.
  }
}

function store(on) {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // As above: the choice lasts as long as the page.
  }
}

if (dialog) {
  const links = [...document.querySelectorAll(".shell-nav a[data-key]")];
  const choice = dialog.querySelector("[data-single-keys]");
  let leading = 0;

  for (const mod of document.querySelectorAll("[data-mod]")) if (/Mac|iPhone|iPad/.test(navigator.platform)) mod.textContent = "⌘ K";
  dialog.querySelector("[data-shortcuts]").append(
    ...links.map((link) => {
      const row = document.createElement("div");
      const keys = document.createElement("dd");
      for (const key of ["g", link.dataset.key]) keys.append(Object.assign(document.createElement("kbd"), { textContent: key }), " ");
      row.append(Object.assign(document.createElement("dt"), { textContent: link.textContent.trim() }), keys);
      return row;
    }),
  );
  choice.checked = stored();
  choice.addEventListener("change", () => store(choice.checked));

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !choice.checked) return;
    if (event.key === "?") {
      event.preventDefault();
      return dialog.showModal();
    }
    const led = Date.now() - leading < SOON;
    leading = event.key === "g" && !led ? Date.now() : 0;
    if (led) links.find((link) => link.dataset.key === event.key)?.click();
  });
}
