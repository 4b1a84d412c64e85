// Shows that there is something new, when a push service says so. Nothing else: no page is kept, no
// request looked at, nothing remembered. The words stand in front of these lines.
"use strict";
self.addEventListener("install", () => { self.skipWaiting(); });  // in another language at once

// What the push service sent is not read: there is nothing in it. A second one takes the first's place.
// The time goes with it, so that a page that was asked for before does not take it for read.
self.addEventListener("push", (event) => {
  const { title, lang, dir } = WORDS;
  event.waitUntil(self.registration.showNotification(title, { lang, dir, tag: "news", data: Date.now() }));
});

// Back by the link or the number and the words: whoever holds this device may not be who asked.
const back = async () => {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((one) => new URL(one.url).pathname === "/find");
  return there ? there.focus() : self.clients.openWindow(`/find?lang=${WORDS.lang}`);
};
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(back());
});
