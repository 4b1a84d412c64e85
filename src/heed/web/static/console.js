// The console's keys and small helps. Every page works without this file.
"use strict";
(() => {
  const keys = document.getElementById("keys");
  const show = document.querySelector("[data-keys]");
  if (keys && show) {
    show.hidden = false;
    show.addEventListener("click", () => keys.showModal());
  }

  // On a phone the menu is one line that moves sideways: where one is stands in sight.
  const current = document.querySelector(".banner nav [aria-current]");
  if (current) { current.parentElement.scrollLeft = current.offsetLeft - current.parentElement.offsetLeft; }

  // Rows: j and k move, Enter opens.
  const rows = [...document.querySelectorAll("[data-row]")];
  let at = -1;
  const choose = (next) => {
    if (!rows.length) { return; }
    rows[at]?.classList.remove("chosen");
    at = Math.max(0, Math.min(rows.length - 1, next));
    rows[at].classList.add("chosen");
    rows[at].querySelector("a").focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const ruled = (ruling) => {
    const choice = document.querySelector(`[data-decision] [name=ruling][value=${ruling}]`);
    choice?.click();
    choice?.form.elements.namedItem("reasons").focus();
  };
  const actions = {
    j: () => choose(at + 1),
    ArrowDown: () => choose(at + 1),
    k: () => choose(at - 1),
    ArrowUp: () => choose(at - 1),
    n: () => document.querySelector("[data-next]")?.click(),
    1: () => ruled("remove"),
    2: () => ruled("keep"),
    h: () => document.querySelector("[data-hand-on]")?.click(),
    q: () => document.querySelector(".banner-name")?.click(),
    d: () => {
      const decide = document.getElementById("decide");
      decide?.scrollIntoView();
      decide?.focus({ preventScroll: true });
    },
    "/": () => document.querySelector("form[role=search] input")?.focus(),
    "?": () => keys?.showModal(),
  };
  // Go to any page: what is typed narrows the list; Enter takes the first, or searches.
  const palette = document.getElementById("palette");
  if (palette) {
    const words = palette.querySelector("input");
    const places = [...palette.querySelectorAll("li")];
    const fits = () => places.filter((one) => !one.hidden);
    words.addEventListener("input", () => {
      const said = words.value.trim().toLowerCase();
      for (const one of places) { one.hidden = !one.textContent.toLowerCase().includes(said); }
    });
    palette.querySelector("form").addEventListener("submit", (event) => {
      const first = fits()[0];
      if (first && words.value.trim()) { event.preventDefault(); first.querySelector("a").click(); }
    });
  }
  document.addEventListener("keydown", (event) => {
    if (palette && event.key === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      palette.showModal();
      return;
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.target.form?.querySelector("button:not([type=button])")?.click();
      return;
    }
    const typing = event.target.closest("input, textarea, select, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) { return; }
    const arrow = event.key.startsWith("Arrow");
    if (arrow && !rows.length) { return; }
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });

  // Clocks turn: a due time in the server's own words, and one that counts by the second.
  const part = (count, unit) => (count ? `${count} ${unit}` : "");
  const span = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    if (minutes < 1) { return "less than a minute"; }
    const days = Math.floor(minutes / 1440);
    const rest = [part(days, "d"), part(Math.floor((minutes % 1440) / 60), "h"), days ? "" : part(minutes % 60, "min")];
    return rest.filter(Boolean).join(" ");
  };
  const turn = () => {
    for (const due of document.querySelectorAll("[data-due]")) {
      if (!/^(due in|overdue by) /.test(due.textContent)) { continue; }
      const left = (new Date(due.dataset.due) - Date.now()) / 1000;
      due.textContent = left < 0 ? `overdue by ${span(-left)}` : `due in ${span(left)}`;
      due.className = left < 0 ? "tag tag-late" : left < 3600 ? "tag tag-wait" : "muted";
    }
    for (const clock of document.querySelectorAll("[data-clock]")) {
      const left = Math.round((new Date(clock.dateTime) - Date.now()) / 1000);
      const two = (n) => String(Math.floor(n)).padStart(2, "0");
      const ahead = Math.abs(left);
      clock.textContent = `${left < 0 ? "overdue by " : ""}${two(ahead / 3600)}:${two((ahead / 60) % 60)}:${two(ahead % 60)}`;
      clock.parentElement.classList.toggle("late", left < 0);
    }
  };
  turn();
  setInterval(turn, 1000);

  // Nobody there: the page leaves what it shows, and says so two minutes before. Whoever writes is
  // there, though nothing is sent.
  const idle = Number(document.querySelector("[data-idle]")?.dataset.idle ?? 0) * 60_000;
  if (idle) {
    let acted = Date.now();
    let told = acted;
    let warned = null;
    const act = () => {
      acted = Date.now();
      warned?.remove();
      warned = null;
      if (acted - told > 60_000) { told = acted; fetch("/console/here").catch(() => { /* told with the next */ }); }
    };
    for (const type of ["keydown", "pointerdown", "input"]) { addEventListener(type, act, true); }
    setInterval(() => {
      const left = acted + idle - Date.now();
      if (left < -5_000) {
        window.location.replace(window.location.pathname.match(/^\/console\/c\/[^/]+\//)?.[0] ?? "/console/");
      } else if (left < 120_000 && !warned) {
        warned = document.createElement("p");
        warned.className = "note note-warn";
        warned.setAttribute("role", "alert");
        warned.textContent = "Nothing was done here for a while. You are signed out in two minutes. Press any key to stay.";
        document.querySelector("main").prepend(warned);
      }
    }, 10_000);
  }

  // A letter's words are offered, and never written over what somebody has typed.
  for (const select of document.querySelectorAll("[data-letter]")) {
    const words = document.getElementById(select.dataset.letter);
    let offered = "";
    select.addEventListener("change", () => {
      if (words.value.trim() !== offered.trim()) { return; }
      offered = select.selectedOptions[0]?.dataset.words ?? "";
      words.value = offered;
    });
  }

  // What is typed and was not taken comes back, in this tab and for this person: after a page that
  // asks once more who somebody is, after a sign-in, after a "no".
  const me = document.querySelector("[data-me]")?.dataset.me;
  const store = { // a browser may refuse it: then nothing is kept, and nothing breaks
    get: (name) => { try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; } },
    set: (name, value) => { try { sessionStorage.setItem(name, JSON.stringify(value)); } catch { /* not kept */ } },
    drop: (name) => { try { sessionStorage.removeItem(name); } catch { /* was not kept */ } },
  };
  const DRAFT_LASTS = 12 * 60 * 60 * 1000; // a shift
  const place = window.location.pathname.match(/^\/console\/c\/[^/]+\//)?.[0] ?? window.location.pathname;
  const draftOf = (one) => `draft ${me} ${place} ${one.querySelector("textarea").id}`;
  const keeps = (field) => field.name && !["hidden", "password", "file", "submit"].includes(field.type);
  const said = (one) => [...one.elements].filter(keeps).map((field) => [field.name, field.value, field.checked ?? null]);
  const sayAgain = (one, values) => {
    for (const field of [...one.elements].filter(keeps)) {
      const choice = field.type === "radio" || field.type === "checkbox";
      const found = values.find(([name, value]) => name === field.name && (!choice || value === field.value));
      if (found && choice) { field.checked = found[2]; } else if (found) { field.value = found[1]; }
    }
  };
  if (me) {
    if (document.querySelector(".messages .note-good")) { store.drop(store.get("sent") ?? ""); }
    store.drop("sent");
    for (const one of document.querySelectorAll("form[data-keep]")) {
      const name = draftOf(one);
      const draft = store.get(name);
      const fresh = draft && Date.now() - draft.at < DRAFT_LASTS && JSON.stringify(draft.said) !== JSON.stringify(said(one));
      if (fresh && !one.querySelector(".error, .note-bad")) {
        sayAgain(one, draft.said);
        const told = document.createElement("p");
        told.className = "small";
        told.textContent = "Here again: what you had typed and not sent.";
        one.prepend(told);
        one.closest("details")?.setAttribute("open", "");
      }
      const keep = () => store.set(name, { at: Date.now(), said: said(one) });
      one.addEventListener("input", keep);
      one.addEventListener("change", keep);
      one.addEventListener("submit", () => { keep(); store.set("sent", name); });
    }
    document.querySelector("form[action$='/logout/']")?.addEventListener("submit", () => {
      for (const name of Object.keys(sessionStorage)) { if (name.startsWith("draft ")) { store.drop(name); } }
    });
  }

  // The decision: reasons that nobody has touched follow the rule; the preview follows the reasons.
  const form = document.querySelector("[data-decision]");
  if (!form) { return; }
  const clause = form.elements.namedItem("clause");
  const reasons = form.elements.namedItem("reasons");
  const preview = form.querySelector(".preview");
  const letter = form.querySelector("[data-preview]");
  const foot = letter.textContent.slice(letter.textContent.lastIndexOf("\n\n"));
  const statement = form.querySelector("[data-statement]");
  const title = () => clause.selectedOptions[0]?.textContent ?? "";
  let named = title();
  const restate = () => { // the uploader's statement names the rule that is chosen
    if (!statement || clause.value === "none") { return; }
    for (const told of statement.querySelectorAll("dd")) { told.textContent = told.textContent.replace(named, title()); }
    named = title();
  };
  const offered = () => clause.selectedOptions[0]?.dataset.reasons ?? "";
  let given = offered();
  const tell = () => { letter.textContent = reasons.value + foot; };
  const follow = () => {
    restate();
    if (reasons.value.replaceAll("\r", "").trim() === given.trim() || !reasons.value.trim()) {
      reasons.value = offered();
    }
    given = offered();
    tell();
  };
  clause.addEventListener("change", follow);
  reasons.addEventListener("input", () => { preview.hidden = false; tell(); });
  if (reasons.value !== reasons.defaultValue) { preview.hidden = false; tell(); }
  for (const ruling of form.querySelectorAll("[name=ruling]")) {
    ruling.addEventListener("change", () => {
      if (statement) { statement.hidden = ruling.value === "keep"; }
      const first = [...clause.options].find((one) => one.defaultSelected) ?? clause.options[0];
      const keep = ruling.value === "keep";
      if (keep) { clause.value = "none"; } else if (clause.value === "none") { clause.value = first.value; }
      follow();
    });
  }
})();
