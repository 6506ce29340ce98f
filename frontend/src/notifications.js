// The bell. Tabs of one browser share one stream: a lock says which of them holds it, and that one tells the others.
// Without locks or streams each tab asks every half minute while it is looked at.
import { toast, untoast } from "./toast.js";

const bell = document.querySelector("[data-bell]");
const PAUSE = 30_000;
const MOST_SHOWN = 99;

if (bell) {
  const name = `notifications:${bell.dataset.bell}`;
  const panel = bell.querySelector("[data-list]");
  const others = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
  const seen = new Set(); // After a pause the stream may tell of the last moments again.
  let known = null;
  let holding = false;

  const refresh = () => bell.open && panel.dispatchEvent(new Event("bell:open"));

  function count(unread) {
    const badge = bell.querySelector("[data-count]");
    badge.hidden = unread === 0;
    badge.textContent = unread > MOST_SHOWN ? `${MOST_SHOWN}+` : unread;
    bell.querySelector("summary").setAttribute("aria-label", unread ? bell.dataset.some.replace("#", unread) : bell.dataset.none);
    known = unread;
    remember(unread);
  }

  // The next page of this tab shows the count at once, before it hears from the stream.
  function remember(unread) {
    try {
      sessionStorage.setItem(name, unread);
    } catch {
      // Storage is closed to this page: the count comes a moment later.
    }
  }

  function remembered() {
    try {
      return Number(sessionStorage.getItem(name));
    } catch {
      return 0;
    }
  }

  function show({ unread, notification }) {
    const changed = unread !== known;
    count(unread);
    const fresh = notification && !seen.has(notification.id);
    if (fresh) seen.add(notification.id);
    if (fresh && !document.hidden) {
      untoast("notification");
      toast("notification", 6, notification.title);
    }
    if (changed || fresh) refresh();
  }

  function tell(news) {
    show(news);
    others?.postMessage(news);
  }

  async function ask() {
    const answer = await fetch("/notifications?unread=true&limit=1").catch(() => null);
    if (answer?.ok) tell({ unread: (await answer.json()).unread, notification: null });
    return answer === null || ![401, 403].includes(answer.status); // Whether to go on: not for somebody signed out.
  }

  // Ends when the server refuses the stream; a connection that is lost is made anew by the browser.
  const listen = () =>
    new Promise((ended) => {
      const source = new EventSource("/notifications/stream");
      source.addEventListener("notifications", (event) => tell(JSON.parse(event.data)));
      source.addEventListener("error", () => source.readyState === EventSource.CLOSED && ended());
    });

  const pause = () => new Promise((done) => setTimeout(done, PAUSE));

  async function hold() {
    holding = true;
    for (let welcome = true; welcome; ) {
      await listen();
      welcome = await ask();
      await pause();
    }
    holding = false;
  }

  async function keepAsking() {
    for (let welcome = true; welcome; await pause()) if (!document.hidden) welcome = await ask();
  }

  others?.addEventListener("message", ({ data }) => {
    if (!data.hello) show(data);
    else if (holding && known !== null) others.postMessage({ unread: known, notification: null });
  });
  bell.addEventListener("toggle", refresh);
  count(remembered());
  if (navigator.locks && others && "EventSource" in window) {
    others.postMessage({ hello: true });
    navigator.locks.request(name, hold);
  } else {
    keepAsking();
  }
}
