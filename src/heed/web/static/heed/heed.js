// Small helps for every page. Everything works without this file.
"use strict";
(() => {
  // Leave at once: blank the page first, then put another site in its place in the history.
  const exit = document.querySelector("a.exit");
  const note = (value) => { try { sessionStorage.setItem("left", value); } catch { /* not allowed: then not */ } };
  const left = () => { try { return sessionStorage.getItem("left") === "yes"; } catch { return false; } };
  const leave = () => {
    note("yes");
    document.title = exit.dataset.away || "…";
    document.body.hidden = true;
    window.location.replace(exit.href);
  };
  if (exit) {
    // Whoever presses "back" after that lands on an earlier page of ours, a filled-in form perhaps:
    // it leaves by itself. Coming by a link or an address shows the page as ever.
    const came = performance.getEntriesByType("navigation")[0]?.type;
    if (left() && came === "back_forward") { leave(); } else if (came === "navigate") { note("no"); }
    let last = 0;
    exit.addEventListener("click", (event) => { event.preventDefault(); leave(); });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") { return; }
      if (event.timeStamp - last < 1500) { leave(); } else { last = event.timeStamp; }
    });
    // A page that the browser kept for its back button asks the server again.
    window.addEventListener("pageshow", (event) => { if (event.persisted) { if (left()) { leave(); } else { window.location.reload(); } } });
  }

  // Times in the reader's own zone; the server's words stay as the title.
  const style = { dateStyle: "long", timeStyle: "short" };
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime()) && time.dataset.local !== undefined) {
      time.title = time.textContent;
      time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, style).format(at);
    }
  }

  // What is promised, counted down while the page stays open; the server's words until then.
  const lang = document.documentElement.lang || "en";
  const away = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
  const count = () => {
    for (const clock of document.querySelectorAll("[data-until]:not(.late)")) {
      const minutes = Math.round((new Date(clock.dataset.until) - Date.now()) / 60000);
      if (Number.isNaN(minutes) || minutes < 1) { continue; }
      const [span, unit] = minutes < 90 ? [minutes, "minute"] : minutes < 2880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
      clock.textContent = away.format(span, unit);
    }
  };
  if (document.querySelector("[data-until]")) { count(); setInterval(count, 15000); }

  // What only some pages need, and only when it is opened: the first page stays light.
  for (const box of document.querySelectorAll("[data-load]")) {
    const load = () => {
      if (box.dataset.loaded) { return; }
      box.dataset.loaded = "yes";
      for (const src of box.dataset.load.split(" ")) {
        const script = document.createElement("script");
        script.src = src;
        script.async = false;
        document.head.append(script);
      }
    };
    const details = box.closest("details");
    if (details && !details.open) { details.addEventListener("toggle", load, { once: true }); } else { load(); }
  }

  // One press is enough: a second one while the first is on its way would only make people wonder.
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", () => { delete form.dataset.sent; });
  }

  // An error summary is read out first.
  const summary = document.querySelector(".error-summary");
  if (summary) { summary.focus(); }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied || "Copied";
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
