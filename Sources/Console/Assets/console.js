// Improves the pages; none of them needs it.
"use strict";

// Times in the viewer's zone.
function localTimes(root) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const short = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (isNaN(date)) continue;
    time.title = time.textContent.trim();
    const isShort = time.hasAttribute("data-short") && date.toDateString() === today;
    if (!time.hasAttribute("data-relative")) time.textContent = (isShort ? short : format).format(date);
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

// Says something to those who listen to the page.
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

// What is marked with data-live (and has an id) is fetched again, while the page is looked at and nobody is in it.
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
          // What was opened stays open.
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
