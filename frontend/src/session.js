// Warns before an unused session ends, and then ends it. Figures that refresh themselves do not count as use here, though
// the server cannot tell them apart: so the page itself signs out.
const dialog = document.getElementById("session-ending");
const leave = dialog?.querySelector("form");
const idle = Number(dialog?.dataset.idleSeconds);
const WARNING = 120;

if (idle) {
  let ends = Date.now() + idle * 1000;
  const used = () => {
    ends = Date.now() + idle * 1000;
    shared?.postMessage(ends);
  };
  // Tabs share one session: use in one of them prolongs it for all.
  const shared = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
  shared?.addEventListener("message", (event) => {
    ends = event.data;
    if (dialog.open) dialog.close();
  });
  shared?.postMessage(ends); // That this page was opened is use, too.
  document.addEventListener("htmx:after:request", (event) => {
    const ctx = event.detail.ctx;
    if (!ctx?.sourceElement?.hasAttribute("data-live") && ctx?.response?.raw?.ok) used();
  });
  dialog.querySelector("[data-stay]").addEventListener("click", async () => {
    const answer = await fetch(dialog.dataset.stayUrl, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return location.reload();
    used();
    dialog.close();
  });
  const watch = setInterval(() => {
    const left = Math.round((ends - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(watch);
      leave.elements.expired.value = "true";
      leave.elements.redirect.value = location.pathname + location.search; // Filters may have changed it since.
      return leave.requestSubmit();
    }
    if (left <= WARNING && !dialog.open) dialog.showModal();
    if (dialog.open) {
      dialog.querySelector("[data-left]").textContent =
        `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    }
  }, 1000);
}
