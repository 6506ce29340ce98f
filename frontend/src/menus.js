// <details> menus close on Escape, on a click elsewhere, and when focus leaves; without this script they still open.
const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("focusin", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A link in the navigation popover goes somewhere on this page or another: the popover has done its work.
document.addEventListener("click", (event) => {
  const nav = event.target.closest("a")?.closest(".shell-nav:popover-open");
  if (nav) nav.hidePopover();
});

// Show and hide a password: the button is useless without a script, so it is born hidden.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
}

// A definition goes away on Escape without moving the pointer or the focus, and comes back the next time.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const tip of document.querySelectorAll(".tip:is(:hover, :focus-within)")) tip.dataset.dismissed = "";
});
for (const name of ["focusout", "pointerout"]) {
  document.addEventListener(name, (event) => {
    const tip = event.target.closest?.(".tip[data-dismissed]");
    if (tip && !tip.contains(event.relatedTarget)) delete tip.dataset.dismissed;
  });
}
