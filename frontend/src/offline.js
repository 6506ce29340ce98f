// The service worker: a navigation that reaches no server shows the page that says so. It keeps that one page and nothing
// else; what the page is made of lies in the browser's own cache, under addresses that never change.
const PAGE = "/offline";
const KEPT = "offline";

self.addEventListener("install", (event) => {
  // Where browsers know this, requests that are no navigations do not even wake the worker.
  event.addRoutes?.({ condition: { not: { requestMode: "navigate" } }, source: "network" });
  event.waitUntil(caches.open(KEPT).then((kept) => kept.add(new Request(PAGE, { cache: "reload" }))));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.registration.navigationPreload?.enable());
});

async function answer(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") event.respondWith(answer(event));
});
