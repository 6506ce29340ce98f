// Forms whose answer takes its time (data-working): one click sends them once, and they say that they are at work.
function rest(form) {
  form.removeAttribute("aria-busy");
  for (const one of form.querySelectorAll("button")) one.disabled = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-working]");
  if (!form || event.defaultPrevented) return;
  if (form.getAttribute("aria-busy") === "true") return event.preventDefault();
  form.setAttribute("aria-busy", "true");
  const said = form.querySelector(".working [role=status]");
  if (said) said.textContent = said.dataset.text;
  // Not before the browser has taken the form's values: a disabled button would be left out.
  setTimeout(() => form.querySelectorAll("button").forEach((one) => (one.disabled = true)));
});
// Back from elsewhere, the page may be shown as it was left.
addEventListener("pageshow", () => document.querySelectorAll('form[data-working][aria-busy="true"]').forEach(rest));
