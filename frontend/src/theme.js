// Loaded before the first paint: sets the theme and the folded navigation, so that neither flashes.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Storage is closed to this page; the defaults hold.
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above: the choice lasts as long as the page.
  }
}

function apply(choice) {
  root.classList.toggle("dark", choice === "dark" || (choice !== "light" && system.matches));
  root.dataset.theme = choice;
  mark();
  document.dispatchEvent(new CustomEvent("themechange"));
}

function mark() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === root.dataset.theme));
  }
}

apply(stored("theme") || "system");
if (stored("nav") === "rail") root.dataset.nav = "rail";
root.classList.add("js");
system.addEventListener("change", () => apply(stored("theme") || "system"));
document.addEventListener("DOMContentLoaded", mark);
document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
  if (choice) {
    store("theme", choice);
    apply(choice);
  }
  if (event.target.closest("[data-nav-fold]")) {
    const rail = root.dataset.nav === "rail";
    if (rail) delete root.dataset.nav;
    else root.dataset.nav = "rail";
    store("nav", rail ? "full" : "rail");
    window.dispatchEvent(new Event("resize"));
  }
});
