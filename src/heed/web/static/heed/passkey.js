// A button that asks for a passkey can be pressed once its scripts are there, and not for nothing
// before: this one comes last. Without scripts it never can, and the page says what else does.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("button[data-passkey]")) button.disabled = false;
});
