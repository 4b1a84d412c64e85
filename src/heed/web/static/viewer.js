// Looking at a file: blurred until a key or the button is held; every second unblurred is counted.
"use strict";
(() => {
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const said = new Map(); // viewing -> seconds so far
  const films = new Map(); // viewing -> the part of a video that is its

  // What was played of a part, each moment once: the browser's own count, in milliseconds.
  const spans = (film) => {
    const found = [];
    for (let n = 0; n < film.played.length; n += 1) {
      found.push(`${Math.floor(film.played.start(n) * 1000)}-${Math.ceil(film.played.end(n) * 1000)}`);
    }
    return found.join(",");
  };
  const noted = (event) => {
    const viewing = event.target.dataset?.play;
    if (!viewing) { return; }
    films.set(viewing, event.target);
    if (event.type === "ratechange" && event.target.playbackRate > 2) { event.target.playbackRate = 2; }
    if (event.type === "pause" || event.type === "ended") { tell(viewing); }
  };
  for (const type of ["play", "pause", "ended", "ratechange"]) { document.addEventListener(type, noted, true); }

  const tell = (viewing) => {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", token());
    body.set("seconds", String(said.get(viewing) ?? 0));
    if (films.has(viewing)) { body.set("played", spans(films.get(viewing))); }
    navigator.sendBeacon(`/console/looks/${viewing}`, body);
  };

  // Seconds between the last frame and this one, while something is seen unblurred.
  let last = null;
  const open = () => {
    const clear = [...document.querySelectorAll("[data-viewing]")];
    return clear.filter((one) => one.isConnected && !one.hidden && !document.hidden);
  };
  setInterval(() => {
    const now = performance.now();
    const seen = open();
    if (last !== null) {
      for (const one of seen) {
        said.set(one.dataset.viewing, (said.get(one.dataset.viewing) ?? 0) + (now - last) / 1000);
      }
    }
    last = seen.length ? now : null;
  }, 200);
  setInterval(() => {
    const playing = [...films].filter(([, film]) => film.isConnected && !film.paused);
    for (const one of new Set([...open().map((one) => one.dataset.viewing), ...playing.map(([viewing]) => viewing)])) { tell(one); }
  }, 5000);
  // The next part takes the place of this one: first what was played is told.
  document.addEventListener("submit", (event) => {
    if (!event.target.querySelector("[data-next-part]")) { return; }
    for (const viewing of films.keys()) { tell(viewing); }
  }, true);
  addEventListener("pagehide", () => { for (const viewing of new Set([...said.keys(), ...films.keys()])) { tell(viewing); } });

  // The clearer picture is asked for once, when it is first wanted: a look of its own in the log.
  let holding = false;
  const load = async (figure) => {
    if (figure.dataset.asked) { return; }
    figure.dataset.asked = "yes";
    const body = new FormData();
    body.set("csrfmiddlewaretoken", token());
    if (figure.dataset.from) { body.set("from_ms", figure.dataset.from); }
    const answer = await fetch(figure.dataset.clear, { method: "POST", body, headers: { "HX-Request": "true" } });
    const first = answer.headers.get("HX-Redirect"); // who is it, once more
    if (first) { window.location.assign(first); return; }
    if (!answer.ok) { delete figure.dataset.asked; return; }
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    const picture = part.querySelector("img, video");
    const place = figure.querySelector("[data-place]");
    if (!picture) { place.append(...part.body.childNodes); return; }
    if (picture.localName === "video") { picture.controls = false; delete picture.dataset.play; }
    picture.hidden = !holding;
    picture.dataset.viewing = part.querySelector("figure").dataset.look;
    place.append(picture);
    show();
  };
  const show = () => {
    for (const figure of document.querySelectorAll("[data-clear]")) {
      const clear = figure.querySelector("[data-viewing]");
      if (holding && !clear) { load(figure); }
      if (clear) {
        const blurred = figure.querySelector("[data-place] > :not([data-viewing])");
        if (clear.hidden !== !holding && clear.localName === "video") {
          clear.currentTime = blurred.currentTime;
          if (holding && !blurred.paused) { clear.play(); } else { clear.pause(); }
        }
        clear.hidden = !holding;
        blurred.hidden = holding;
      }
    }
  };
  const hold = (yes) => {
    if (holding === yes) { return; }
    holding = yes;
    show();
    if (!yes) { for (const viewing of said.keys()) { tell(viewing); } }
  };
  const typing = (event) => event.target.closest?.("input, textarea, select, dialog");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "v" || typing(event) || event.ctrlKey || event.metaKey || event.altKey) { return; }
    event.preventDefault();
    hold(true);
  });
  document.addEventListener("keyup", (event) => { if (event.key === "v") { hold(false); } });
  document.addEventListener("pointerdown", (event) => { if (event.target.closest("[data-hold]")) { hold(true); } });
  for (const end of ["pointerup", "pointercancel", "blur"]) { addEventListener(end, () => hold(false)); }

  // A file that was shown can be covered again at once.
  document.addEventListener("click", (event) => {
    const cover = event.target.closest("[data-cover]");
    if (!cover) { return; }
    const seen = cover.closest(".seen");
    for (const one of seen.querySelectorAll("[data-viewing]")) { tell(one.dataset.viewing); }
    const note = document.createElement("p");
    note.className = "small";
    note.textContent = "Covered.";
    seen.replaceWith(note);
  });
})();
