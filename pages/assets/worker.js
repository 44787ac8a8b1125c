// Keeps the files of pages and one page of nobody, and gives them to a browser without a connection.
// Pages of guests are never kept. FILES and SHELL stand above: what is kept.

const KEPT = "luutru-shell";

async function keepShell(cache) {
  const answer = await fetch(SHELL, { redirect: "manual", cache: "no-store" });
  if (answer.ok && answer.type === "basic") await cache.put(SHELL, answer);
}

async function install() {
  const cache = await caches.open(KEPT);
  await cache.addAll(FILES);
  await keepShell(cache);
  await self.skipWaiting();
}

async function tidy() {
  const cache = await caches.open(KEPT);
  const wanted = new Set([...FILES, SHELL]);
  for (const request of await cache.keys()) {
    if (!wanted.has(new URL(request.url).pathname)) await cache.delete(request);
  }
  await self.clients.claim();
}

async function shell() {
  return (await caches.match(SHELL)) ?? Response.error();
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("message", (event) => {
  const work = event.data === "forget" ? caches.delete(KEPT) : caches.open(KEPT).then(keepShell);
  event.waitUntil(work.catch(() => {}));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  } else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(shell));
  }
});
