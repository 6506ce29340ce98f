// The browser's one stream (decisions 58 and 59): what its reader is told, and the names of what has changed. A lock says
// which tab holds it, and that one tells the others. Without locks or streams each tab asks for the count of unread
// notifications every half minute while it is looked at, and live parts keep asking by themselves. A stream begins with
// what has changed since the page was made.
const { bell: reader, made } = document.querySelector("[data-bell]")?.dataset ?? {}; // Who reads; when the page was made.
const PAUSE = 30_000;
const name = `stream:${reader}`;
const others = reader && "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
const listeners = [];
let holding = false;
let lives = false;
let welcomed = false; // Whether the reader was let in since this page was made.
let counted = null; // The last that was said of unread notifications.

// Whether somebody would tell this tab of a change.
export const streamLives = () => lives;

// Messages have a `kind`: `notifications` ({unread, notification}), `changes` ({topics}), `lives` ({lives, reminder: it
// was told to a tab that has just come}), `refused` (the reader is let in no more).
export const hear = (kind, listener) => listeners.push({ kind, listener });

function take(message) {
  if (message.reminder && message.lives === lives) return; // For another tab, which has just come.
  if (message.kind === "lives") lives = message.lives;
  if (message.kind === "notifications") counted = { ...message, notification: null };
  if (message.kind === "notifications" || lives) welcomed = true;
  if (message.kind === "refused") return leave();
  for (const { kind, listener } of listeners) if (kind === message.kind) listener(message);
}

function tell(message) {
  take(message);
  others?.postMessage(message);
}

// Who is let in no more sees no more: loaded anew, the page leads to the login, or says what happened. A page whose
// reader was never let in would be loaded again and again.
function leave() {
  if (welcomed) location.reload();
  welcomed = false;
}

async function ask() {
  const answer = await fetch("/notifications?unread=true&limit=1").catch(() => null);
  if (answer?.ok) tell({ kind: "notifications", unread: (await answer.json()).unread, notification: null });
  const welcome = answer === null || ![401, 403].includes(answer.status); // Whether to go on: not for somebody signed out.
  if (!welcome) tell({ kind: "refused" });
  return welcome;
}

// Ends when the server refuses the stream; a connection that is lost is made anew by the browser.
const listen = () =>
  new Promise((ended) => {
    const source = new EventSource(`/notifications/stream?changes=true&since=${made}`);
    for (const kind of ["notifications", "changes"]) {
      source.addEventListener(kind, (event) => tell({ kind, ...JSON.parse(event.data) }));
    }
    source.addEventListener("open", () => tell({ kind: "lives", lives: true }));
    source.addEventListener("error", () => {
      if (lives) tell({ kind: "lives", lives: false });
      if (source.readyState === EventSource.CLOSED) ended();
    });
  });

const pause = () => new Promise((done) => setTimeout(done, PAUSE));

async function hold() {
  holding = true;
  for (let welcome = true; welcome; ) {
    await listen();
    welcome = await ask();
    if (welcome) await pause();
  }
  holding = false;
}

async function keepAsking() {
  for (let welcome = true; welcome; await pause()) if (!document.hidden) welcome = await ask();
}

others?.addEventListener("message", ({ data }) => {
  if (data.kind !== "hello") return take(data);
  if (!holding) return;
  if (counted) others.postMessage(counted);
  others.postMessage({ kind: "lives", lives, reminder: true });
});
// After the other modules have said what they listen to.
if (reader) {
  queueMicrotask(() => {
    if (!navigator.locks || !others || !("EventSource" in window)) return keepAsking();
    others.postMessage({ kind: "hello" });
    navigator.locks.request(name, hold);
  });
}
