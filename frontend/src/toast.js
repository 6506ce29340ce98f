// Toasts are <template data-toast="name"> elements of the page, so that their texts are the server's translations.
// `again` is what the toast's button for another try does; without it there is none. `support` is shown where the toast
// has room for it.
export function toast(name, { seconds = 6, title = "", text = "", support = "", again = null } = {}) {
  const region = document.getElementById("toasts");
  const template = document.querySelector(`template[data-toast="${name}"]`);
  if (!region || !template || region.querySelector(`[data-name="${name}"]`)) return;
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.name = name;
  if (title) item.querySelector("p").textContent = title;
  if (text) item.querySelector("p + p").textContent = text;
  const id = support && item.querySelector("[data-support]");
  if (id) id.querySelector("code").textContent = support;
  if (id) id.hidden = false;
  item.querySelector("[data-close]")?.addEventListener("click", () => item.remove());
  const retry = item.querySelector("[data-again]");
  if (retry) retry.hidden = !again;
  retry?.addEventListener("click", () => {
    item.remove();
    again();
  });
  region.append(item);
  if (seconds) setTimeout(() => item.remove(), seconds * 1000);
}

export function untoast(name) {
  document.querySelector(`#toasts [data-name="${name}"]`)?.remove();
}
