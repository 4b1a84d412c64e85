// Being told on this device. Nothing is asked of the browser before the person presses the button;
// whether this device is told is found out here, and said to nobody.
"use strict";
(() => {
  const SCOPE = "/n/", MARK_LETTERS = 16, PATIENCE = 20000, TAG = "news";
  const box = document.querySelector("[data-tell]");
  const can = window.isSecureContext && navigator.serviceWorker && window.PushManager && window.Notification && window.crypto?.subtle;
  if (!box || !can || !box.dataset.key) { return; }
  const part = (name) => box.querySelector(`[data-${name}]`);
  const begin = part("begin"), end = part("end"), said = part("said");
  const say = (name) => { said.textContent = said.dataset[name]; };
  const patiently = (promise) => Promise.race([promise, new Promise((_, late) => { setTimeout(late, PATIENCE); })]);

  // ---------------------------------------------------------------- this device

  const held = () => navigator.serviceWorker.getRegistration(SCOPE);
  const subscription = async () => (await (await held())?.pushManager.getSubscription()) ?? null;

  const markOf = async (address) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(address)));
    return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, MARK_LETTERS);
  };

  const key = () => Uint8Array.from(atob(box.dataset.key.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const isOurs = (one) => {
    const used = one.options?.applicationServerKey;
    return !used || [...new Uint8Array(used)].join() === [...key()].join();
  };

  const worker = () => navigator.serviceWorker.register(box.dataset.tell, { scope: SCOPE });

  const subscribed = async () => {
    await worker();
    const registration = await navigator.serviceWorker.ready;
    const before = await registration.pushManager.getSubscription();
    if (before && !isOurs(before)) { await before.unsubscribe(); }  // of a key that this site has lost
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key() });
  };

  // ---------------------------------------------------------------- the page

  // Whatever was shown before this page was asked for is read in it; what came since is not.
  const read = async (registration) => {
    const shown = (await registration?.getNotifications({ tag: TAG })) ?? [];
    for (const one of shown) { if (!(one.data > performance.timeOrigin)) { one.close(); } }
  };

  const show = async () => {
    const registration = await held(), here = await subscription();
    const mark = here && isOurs(here) ? await markOf(here.endpoint) : "";
    const told = Boolean(mark) && box.dataset.marks.split(" ").includes(mark);
    const others = part("others"), off = part("off");
    part("on").hidden = !told;
    part("missed").hidden = !box.dataset.refused.split(" ").includes(mark);
    if (off) { off.hidden = told; }
    if (others) {
      part("here").hidden = !told;
      part("away").hidden = told;
      others.hidden = told && box.dataset.marks.split(" ").length < 2;
    }
    box.hidden = !told && !off && !others;
    await read(registration);
    if (told && !registration.active?.scriptURL.endsWith(box.dataset.tell)) { await worker(); }  // another language by now
    box.dataset.ready = "yes";
  };

  const once = (form, run) => form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) { return; }
    form.dataset.busy = "yes";
    if (await run()) { form.submit(); } else { delete form.dataset.busy; }
  });

  once(begin, async () => {
    say("asking");
    const answer = await Notification.requestPermission();
    if (answer !== "granted") { say(answer === "denied" ? "denied" : "undecided"); return false; }
    try {
      begin.elements.address.value = (await patiently(subscribed())).endpoint;
      return true;
    } catch {
      say("failed");
      return false;
    }
  });

  // What the browser can't undo by itself the server does: it forgets the address in any case.
  once(end, async () => {
    say("ending");
    const registration = await held(), here = await subscription();
    if (!here) { window.location.reload(); return false; }
    end.elements.address.value = here.endpoint;
    await patiently(here.unsubscribe().then(() => registration.unregister())).catch(() => false);
    return true;
  });

  show().catch(() => { box.hidden = !part("others"); });
})();
