// Warns before an unused session ends. Live refreshes do not count as use; a click on "stay" does.
const dialog = document.getElementById("session-ending");
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
  setInterval(() => {
    const left = Math.round((ends - Date.now()) / 1000);
    if (left <= 0) location.assign(dialog.dataset.expiredUrl);
    else if (left <= WARNING && !dialog.open) dialog.showModal();
    if (dialog.open) {
      dialog.querySelector("[data-left]").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    }
  }, 1000);
}
