// Looking at a file: blurred until a key or the button is held; every second unblurred is counted.
"use strict";
(() => {
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const said = new Map(); // viewing -> seconds so far

  const tell = (viewing) => {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", token());
    body.set("seconds", String(said.get(viewing) ?? 0));
    navigator.sendBeacon(`/console/looks/${viewing}`, body);
  };

  // Seconds between the last frame and this one, while something is seen unblurred.
  let last = null;
  const open = () => {
    const clear = [...document.querySelectorAll("[data-viewing]")];
    return clear.filter((one) => !one.hidden && !document.hidden);
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
  setInterval(() => { for (const one of open()) { tell(one.dataset.viewing); } }, 5000);
  addEventListener("pagehide", () => { for (const viewing of said.keys()) { tell(viewing); } });

  // The clearer picture is asked for once, when it is first wanted: a look of its own in the log.
  let holding = false;
  const load = async (figure) => {
    if (figure.dataset.asked) { return; }
    figure.dataset.asked = "yes";
    const body = new FormData();
    body.set("csrfmiddlewaretoken", token());
    const answer = await fetch(figure.dataset.clear, { method: "POST", body, headers: { "HX-Request": "true" } });
    if (!answer.ok) { delete figure.dataset.asked; return; }
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    const picture = part.querySelector("img");
    const place = figure.querySelector("[data-place]");
    if (!picture) { place.append(...part.body.childNodes); return; }
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
        clear.hidden = !holding;
        figure.querySelector("[data-place] > img:not([data-viewing])").hidden = holding;
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
