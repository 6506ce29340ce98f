// The bell: how many notifications are unread, and the newest of them, as the stream tells.
import { hear } from "./stream.js";
import { toast, untoast } from "./toast.js";

const bell = document.querySelector("[data-bell]");
const MOST_SHOWN = 99;

if (bell) {
  const name = `notifications:${bell.dataset.bell}`;
  const panel = bell.querySelector("[data-list]");
  const seen = new Set(); // After a pause the stream may tell of the last moments again.
  let known = null;

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

  hear("notifications", ({ unread, notification }) => {
    const changed = unread !== known;
    count(unread);
    const fresh = notification && !seen.has(notification.id);
    if (fresh) seen.add(notification.id);
    if (fresh && !document.hidden) {
      untoast("notification");
      toast("notification", { title: notification.title });
    }
    if (changed || fresh) refresh();
  });
  bell.addEventListener("toggle", refresh);
  count(remembered());
}
