// Improves the pages; none of them needs it.
"use strict";

// Times in the viewer's zone, in the same form as without this script: 2026-02-03 13:00:00 CET.
function localTimes(root) {
  const format = new Intl.DateTimeFormat("en-GB", {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    hourCycle: "h23", timeZoneName: "short",
  });
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (isNaN(date)) continue;
    const part = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
    const clock = `${part.hour}:${part.minute}:${part.second} ${part.timeZoneName}`;
    const whole = `${part.year}-${part.month}-${part.day} ${clock}`;
    // Today's date is left out in lists.
    const isShort = time.hasAttribute("data-short") && date.toDateString() === today;
    time.title = isShort ? whole : time.textContent.trim();
    time.textContent = isShort ? clock : whole;
  }
}

// Copy buttons, which are hidden until they can do something.
function copyButtons(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    if (!field) continue;
    button.hidden = false;
    const label = button.innerHTML;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        // Without TLS there is no clipboard; the older way works everywhere.
        field.select();
        document.execCommand("copy");
        button.focus();
      }
      button.textContent = button.dataset.copied;
      announce(button.dataset.copied);
      setTimeout(() => { button.innerHTML = label; }, 2000);
    });
  }
}

// Announces something to screen readers.
let speaker;
function announce(text) {
  if (!speaker) {
    speaker = document.createElement("div");
    speaker.className = "unseen";
    speaker.setAttribute("role", "status");
    document.body.append(speaker);
  }
  speaker.textContent = text;
}

// A form is sent once, however often its button is pressed.
function sendOnce(root) {
  for (const form of root.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "yes";
      for (const button of form.querySelectorAll("button")) button.classList.add("busy");
    });
  }
}

// Fetches elements marked with data-live (and an id) again, while the page is visible and none of them has the focus.
function refresh(main, seconds) {
  let failures = 0;
  async function turn() {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, credentials: "same-origin" });
        if (answer.redirected) return location.reload();
        if (!answer.ok) throw new Error(answer.status);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const old of main.querySelectorAll("[data-live][id]")) {
          const fresh = page.getElementById(old.id);
          if (!fresh || old.contains(document.activeElement)) continue;
          prepare(fresh);
          // An open <details> stays open.
          const details = fresh.querySelectorAll("details");
          old.querySelectorAll("details").forEach((one, index) => { if (one.open && details[index]) details[index].open = true; });
          old.replaceWith(fresh);
        }
        failures = 0;
      } catch {
        failures = Math.min(failures + 1, 5);
      }
    }
    setTimeout(turn, seconds * 1000 * (1 + failures));
  }
  setTimeout(turn, seconds * 1000);
}

function prepare(root) {
  localTimes(root);
  copyButtons(root);
  sendOnce(root);
}

prepare(document);
// Back from the cache of the browser, forms can be sent again.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
const main = document.getElementById("main");
if (main && main.dataset.refresh) refresh(main, Number(main.dataset.refresh));
