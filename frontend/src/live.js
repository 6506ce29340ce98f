// Parts of a page that refresh themselves. While the browser's stream lives they ask when it names one of their topics,
// and else every half minute, since "3 minutes ago" grows old too; without it, every three seconds. Not while the page
// is hidden; slower after each failure, and saying so. Parts that say `data-often` show what nobody tells of.
import { hear, streamLives } from "./stream.js";
import { toast, untoast } from "./toast.js";

const SLOWLY = 30_000;
const SPREAD = 400; // A thousand browsers that hear of one change do not ask in the same moment.
const ANYTHING = "*";
const MINE = "notifications"; // The reader's own: no change of what their company shows.
const asked = new Map(); // A part's address → when it was asked for.
const due = new Set(); // Addresses of parts of which something has changed.
let failures = 0;
let waitUntil = 0;
const start = Date.now();
const polls = (ctx) => ctx?.sourceElement?.hasAttribute("data-live");
const address = (part) => part.getAttribute("hx-get");
const parts = () => [...document.querySelectorAll("[data-live=part]")];
const isTime = (part) =>
  !streamLives() || part.hasAttribute("data-often") || failures > 0 || due.has(address(part)) || Date.now() - (asked.get(address(part)) ?? start) >= SLOWLY;

function askNow() {
  for (const part of parts()) if (due.has(address(part))) part.dispatchEvent(new Event("changes"));
}

function changed(topics) {
  for (const part of parts()) {
    const own = part.dataset.topics?.split(" ");
    const concerned = own ? topics.some((topic) => topic === ANYTHING || own.includes(topic)) : !topics.includes(MINE);
    if (concerned) due.add(address(part));
  }
  if (due.size && !document.hidden) setTimeout(askNow, Math.random() * SPREAD);
}

hear("changes", ({ topics }) => changed(topics));
hear("notifications", () => changed([MINE]));
hear("lives", ({ lives, reminder }) => lives && reminder && changed([ANYTHING])); // Its stream told of older changes.
document.addEventListener("visibilitychange", () => document.hidden || askNow());
addEventListener("online", () => (waitUntil = 0));

document.addEventListener("htmx:before:request", (event) => {
  if (!polls(event.detail.ctx)) return;
  const part = event.detail.ctx.sourceElement;
  const own = part.dataset.live === "part";
  if (document.hidden || Date.now() < waitUntil || (own && !isTime(part))) return event.preventDefault();
  if (own) {
    due.delete(address(part));
    asked.set(address(part), Date.now());
  }
});

function failed(event) {
  if (!polls(event.detail?.ctx)) return;
  failures += 1;
  waitUntil = Date.now() + Math.min(60, 2 ** failures) * 1000;
  document.documentElement.dataset.stale = "";
  if (failures >= 2 && navigator.onLine) toast("offline", { seconds: 0 });
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
