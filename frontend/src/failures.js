// What failed in passing can be tried again, by the button of its toast. What else fails has a page of its own, or is
// said as the server says it. Each with the id by which support finds it in the log.
import { toast, untoast } from "./toast.js";

const PASSING = [408, 429, 500, 502, 503, 504];
const UNREACHED = "unreached";
const CHANGES_ADDRESS = "[hx-push-url], [hx-replace-url]";

// As the reader did it: the same click, or the same form with what now stands in it.
function again({ sourceElement, sourceEvent }) {
  if (!sourceElement.isConnected) return location.reload();
  if (sourceElement.matches("form")) return sourceElement.requestSubmit(sourceEvent?.submitter);
  if (sourceElement.matches("a, button")) return sourceElement.click();
  sourceElement.dispatchEvent(new Event(sourceEvent?.type ?? "change", { bubbles: true }));
}

// What the page of a problem says; what is said stays the toast's own when the answer is no such page.
function said(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const told = (name) => page.querySelector(`[data-problem="${name}"]`)?.textContent;
  return { title: told("title"), text: told("detail") };
}

document.addEventListener("htmx:error", ({ detail }) => {
  const ctx = detail?.ctx;
  if (!ctx || ctx.sourceElement?.hasAttribute("data-live")) return;
  toast(UNREACHED, { seconds: 0, again: () => again(ctx) });
});
document.addEventListener("htmx:response:error", ({ detail }) => {
  const { ctx } = detail;
  if (ctx.sourceElement?.hasAttribute("data-live") || ctx.hx?.redirect) return;
  const support = ctx.response.headers.get("X-Trace-Id");
  const say = (name, more) => (untoast(name), toast(name, { seconds: 0, support, ...more }));
  if (PASSING.includes(ctx.response.status)) return say("busy", { again: () => again(ctx) });
  if (ctx.sourceElement.matches(CHANGES_ADDRESS)) ctx.hx.redirect = ctx.request.action; // htmx goes there.
  else say("failed", said(ctx.text));
});

// A form that cannot be sent stays as it is filled in, instead of giving way to the browser's own page.
document.addEventListener("submit", (event) => {
  if (navigator.onLine || event.defaultPrevented) return;
  event.preventDefault();
  const { target: form, submitter } = event;
  toast(UNREACHED, { seconds: 0, again: () => form.isConnected && form.requestSubmit(submitter) });
});

const offline = () => toast("disconnected", { seconds: 0 });
addEventListener("offline", offline);
addEventListener("online", () => {
  untoast("disconnected");
  untoast(UNREACHED);
});
if (!navigator.onLine) offline();

// The page in place of one that could not be reached gives way to it, once the server answers.
if (document.querySelector("[data-offline]")) {
  const look = async () => (await fetch("/health/live").catch(() => null))?.ok && location.reload();
  addEventListener("online", look);
  setInterval(look, 4_000);
}
// The worker that shows it waits until the page itself is there.
const worker = document.documentElement.dataset.worker;
if (worker && "serviceWorker" in navigator) addEventListener("load", () => navigator.serviceWorker.register(worker).catch(() => null));

// The page that says what failed leads back to the form, which the browser kept as it was filled in.
document.addEventListener("click", (event) => {
  const back = event.target.closest("[data-back]");
  if (!back || history.length < 2) return;
  event.preventDefault();
  history.back();
});
