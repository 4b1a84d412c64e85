// Codes of pictures and videos, made on this device. Nothing is sent: the codes are written into a
// field of the form, where they can be read, and only they go when the person presses the button.
"use strict";
(() => {
  const GOOD_QUALITY = 50, MOST_BYTES = 512 * 1024 * 1024, MOST_FRAMES = 48, SAME_FRAME_BITS = 8;
  const box = document.querySelector("[data-device]");
  if (!box || !window.createImageBitmap) { return; }
  const field = document.getElementById(box.dataset.device);
  const files = box.querySelector("input[type=file]");
  const status = box.querySelector("[data-status]");
  const list = box.querySelector("[data-list]");
  const words = (name, facts = {}) => (status.dataset[name] ?? "").replace(/\{(\w+)\}/g, (_, one) => facts[one] ?? "");
  box.hidden = false;

  // ---------------------------------------------------------------- pixels

  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });

  // Rows of a drawn thing over white, a strip at a time: a large picture needs no large canvas.
  const stripOf = (source, width) => (y, count) => {
    if (canvas.width !== width || canvas.height < count) { canvas.width = width; canvas.height = count; }
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, width, count);
    pen.drawImage(source, 0, y, width, count, 0, 0, width, count);
    return pen.getImageData(0, 0, width, count).data;
  };

  const ofPicture = async (file) => {
    const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
    try {
      return heedPdq(bitmap.width, bitmap.height, stripOf(bitmap, bitmap.width));
    } finally {
      bitmap.close();
    }
  };

  const once = (target, good, within = 20000) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(good)), within);
    target.addEventListener(good, () => { clearTimeout(timer); resolve(); }, { once: true });
    target.addEventListener("error", () => { clearTimeout(timer); reject(new Error("error")); }, { once: true });
  });

  const apart = (one, other) => {
    let bits = 0;
    for (let i = 0; i < 64; i++) {
      let both = parseInt(one[i], 16) ^ parseInt(other[i], 16);
      for (; both; both &= both - 1) { bits += 1; }
    }
    return bits;
  };

  // "seeked" may come before the frame does, and the canvas would then be given the one before it.
  // Where no new frame comes (a still scene, a tab in the background) what is there is taken, and
  // after the third time in one film nobody waits any more.
  let inVain = 0;
  const frameAt = (video, at, within = 1000) => new Promise((resolve) => {
    if (!video.requestVideoFrameCallback || inVain > 2) { resolve(); return; }
    let asked = 0;
    const timer = setTimeout(() => { inVain += 1; video.cancelVideoFrameCallback(asked); resolve(); }, within);
    const look = (_, frame) => {
      if (Math.abs(frame.mediaTime - at) < 0.5) { clearTimeout(timer); resolve(); } else { asked = video.requestVideoFrameCallback(look); }
    };
    asked = video.requestVideoFrameCallback(look);
  });

  const seek = async (video, at) => {
    const there = once(video, "seeked"), shown = frameAt(video, at);
    video.currentTime = at;
    await there;
    await shown;
  };

  // One frame a second; frames that look like one that is kept already add nothing.
  const ofVideo = async (file, tell) => {
    const video = document.createElement("video"), url = URL.createObjectURL(file), kept = [];
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    inVain = 0;
    try {
      const ready = once(video, "loadeddata");
      video.src = url;
      await ready;
      const seconds = Number.isFinite(video.duration) ? video.duration : 0;
      for (let at = 0; at <= seconds && kept.length < MOST_FRAMES; at += 1) {
        const came = await seek(video, Math.min(at + 0.001, Math.max(0, seconds - 0.001))).then(() => true, () => false);
        if (!came) { break; }  // a broken end: what was seen before it counts
        tell(at, Math.ceil(seconds));
        const seen = heedPdq(video.videoWidth, video.videoHeight, stripOf(video, video.videoWidth));
        if (seen && seen.quality >= GOOD_QUALITY && kept.every((one) => apart(one, seen.hex) > SAME_FRAME_BITS)) { kept.push(seen.hex); }
      }
    } finally {
      video.removeAttribute("src");
      video.load();
      URL.revokeObjectURL(url);
    }
    return kept;
  };

  const ofBytes = async (file) => {
    if (!window.crypto?.subtle || file.size > MOST_BYTES) { return ""; }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  // ---------------------------------------------------------------- the page

  const asked = () => performance.getEntriesByType("resource").filter((one) => one.name.startsWith("http")).length;

  const linesOf = async (file, tell) => {
    const sha256 = await ofBytes(file), lines = sha256 ? [`sha256:${sha256}`] : [];
    if (file.type.startsWith("video/")) {
      return [...lines, ...(await ofVideo(file, tell)).map((hex) => `vpdq:${hex}`)];
    }
    const seen = await ofPicture(file);
    return seen && seen.quality >= GOOD_QUALITY ? [...lines, `pdq:${seen.hex}`] : lines;
  };

  const note = (text) => {
    const line = document.createElement("li");
    line.textContent = text;
    list.append(line);
  };

  const add = (lines) => {
    const there = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
    field.value = [...new Set([...there, ...lines])].join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const all = async () => {
    const chosen = [...files.files], before = asked();
    files.disabled = true;
    list.replaceChildren();
    for (const [n, file] of chosen.entries()) {
      const facts = { nth: n + 1, all: chosen.length };
      status.textContent = words("working", facts);
      let lines = [];
      try {
        lines = await linesOf(file, (at, seconds) => { status.textContent = words("frames", { ...facts, at, seconds }); });
      } catch {
        lines = await ofBytes(file).then((hex) => (hex ? [`sha256:${hex}`] : [])).catch(() => []);
      }
      add(lines);
      const alike = lines.some((line) => !line.startsWith("sha256:"));
      note(words(alike ? "made" : lines.length ? "exact" : "none", { ...facts, count: lines.length }));
    }
    files.disabled = false;
    files.value = "";  // the page keeps neither the file nor its name
    const sent = asked() - before;
    status.textContent = words(sent === 0 ? "silent" : "spoke", { sent });
    field.closest("details")?.setAttribute("open", "");
    box.dataset.done = String(Number(box.dataset.done ?? 0) + 1);
  };
  files.addEventListener("change", () => { if (files.files.length) { all(); } });
})();
