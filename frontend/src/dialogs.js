// Dialogs that ask before an act: opened by a button that names them, closed by their own, by Escape, or by a click beside.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) return document.getElementById(opener.dataset.open)?.showModal();
  if (event.target.closest("[data-close-dialog]")) return event.target.closest("dialog").close();
  if (event.target.matches("dialog.ask[open]")) event.target.close();
});
// A form that came back with a mistake is shown as it was sent.
document.querySelector("dialog.ask[data-again]")?.showModal();
