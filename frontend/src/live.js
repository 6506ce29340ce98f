// Fragments that refresh themselves: not while the page is hidden, slower after each failure, and saying so.
import { toast, untoast } from "./toast.js";

let failures = 0;
let waitUntil = 0;
const polls = (ctx) => ctx?.sourceElement?.hasAttribute("data-live");

document.addEventListener("htmx:before:request", (event) => {
  if (polls(event.detail.ctx) && (document.hidden || Date.now() < waitUntil)) event.preventDefault();
});

function failed(event) {
  const ctx = event.detail?.ctx;
  if (!polls(ctx)) return toast("failed");
  failures += 1;
  waitUntil = Date.now() + Math.min(60, 2 ** failures) * 1000;
  document.documentElement.dataset.stale = "";
  if (failures >= 2) toast("offline", 0);
}
document.addEventListener("htmx:error", failed);
document.addEventListener("htmx:response:error", failed);

document.addEventListener("htmx:after:request", (event) => {
  if (!polls(event.detail.ctx) || !(event.detail.ctx.response?.raw?.status < 400)) return;
  failures = 0;
  waitUntil = 0;
  delete document.documentElement.dataset.stale;
  untoast("offline");
});
