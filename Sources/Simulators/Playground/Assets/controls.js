// The tally, the switches, the dialog for connecting by hand, the tabs, dark and light.
import { byId, make, setText, reconcile, tell } from "./dom.js";
import { call } from "./feed.js";

export function prepare() {
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.addEventListener("click", () => showPanel(tab.dataset.show));
  }
  prepareTheme();
  prepareTrouble();
  prepareConnect();
}

export function showPanel(name) {
  document.body.dataset.panel = name;
  for (const tab of document.querySelectorAll(".tabs button")) {
    if (tab.dataset.show !== name) {
      tab.removeAttribute("aria-current");
      continue;
    }
    tab.setAttribute("aria-current", "true");
    tab.removeAttribute("data-news");
  }
  for (const list of byId(`panel-${name}`).querySelectorAll(".chat")) list.scrollTop = list.scrollHeight;
}

/** Marks the tab of a hidden panel that has something new. */
export function hasNews(name) {
  if (document.body.dataset.panel !== name) byId(`tab-${name}`).dataset.news = "";
}

function prepareTheme() {
  const root = document.documentElement;
  const stored = localStorage.getItem("theme");
  if (stored) root.dataset.theme = stored;
  byId("theme").addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

const switches = () => document.querySelectorAll("[data-trouble]");

function prepareTrouble() {
  for (const box of switches()) {
    box.addEventListener("change", () => send("PUT", "/play/trouble", { [box.dataset.trouble]: box.checked }));
  }
  byId("trouble-kill")?.addEventListener("click", () => send("POST", "/play/kill"));
}

async function send(method, path, body) {
  try {
    await call(method, path, body);
  } catch (error) {
    tell(error.message);
  }
}

export function show(state) {
  for (const direction of ["inbound", "outbound"]) {
    for (const figure of byId(`tally-${direction}`).querySelectorAll("[data-figure]")) {
      const number = state.tally[direction][figure.dataset.figure];
      setText(figure, String(number));
      const isTrouble = figure.dataset.figure === "doubled" || figure.dataset.figure === "failed";
      figure.parentElement.classList.toggle("bad", isTrouble && number > 0);
      if (figure.dataset.figure === "failed") figure.parentElement.hidden = number === 0;
    }
  }
  showVerdict(state.tally);
  if (state.trouble) for (const box of switches()) box.checked = state.trouble[box.dataset.trouble] === true;
  const kill = byId("trouble-kill");
  if (kill) kill.disabled = state.workers.length === 0;
  showConnect(state.connect);
}

function showVerdict({ inbound, outbound }) {
  const underWay = inbound.underWay + outbound.underWay;
  const doubled = inbound.doubled + outbound.doubled;
  const failed = inbound.failed + outbound.failed;
  const pill = byId("verdict");
  let words = "Write as customer or agent";
  let kind = "";
  if (underWay > 0) {
    words = `${underWay} under way`;
    kind = "busy";
  } else if (failed > 0) {
    words = `${failed} failed`;
    kind = "bad";
    pill.title = "byoc keeps failed messages: retry or discard them on the settings pages.";
  } else if (doubled > 0) {
    words = `Nothing lost, ${doubled} doubled`;
    kind = "bad";
    pill.title = "Viber can't recognize a repeated message. byoc resends one when its first attempt was interrupted.";
  } else if (inbound.sent + outbound.sent > 0) {
    words = "Nothing lost, nothing doubled";
    kind = "good";
  }
  if (kind !== "bad") pill.removeAttribute("title");
  pill.className = `pill ${kind}`;
  setText(pill, words);
}

function prepareConnect() {
  const dialog = byId("connect");
  byId("connect-open").addEventListener("click", () => dialog.showModal());
  byId("connect-close").addEventListener("click", () => dialog.close());
  byId("connect-events").addEventListener("submit", async event => {
    event.preventDefault();
    try {
      await call("PUT", "/freshchat/product-events", { url: byId("connect-url").value.trim() });
      setText(byId("connect-save"), "Saved");
    } catch (error) {
      tell(error.message);
    }
  });
}

function showConnect(connect) {
  const bot = connect.bots.at(-1);
  const place = byId("connect-admin");
  if (connect.admin && !place.childElementCount) {
    const link = make("a", "", connect.admin);
    link.href = connect.admin;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    place.append(" at ", link);
  }
  const values = [
    ["Admin password", connect.password],
    ["Viber authentication token (second bot)", bot.token],
    ["Viber API address", connect.viber],
    ["Freshchat API address", connect.freshchat],
    ["Freshchat API token", connect.token],
    ["Topic", connect.topics.at(-1)],
    ["Freshchat’s webhook public key", connect.key],
  ].filter(([, value]) => value);
  reconcile(byId("connect-values"), values, ([name]) => name, ([name]) => {
    const copy = make("button", "quiet", "Copy");
    copy.type = "button";
    copy.setAttribute("aria-label", `Copy ${name}`);
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(copy.parentElement.firstChild.textContent);
      setText(copy, "Copied");
      setTimeout(() => setText(copy, "Copy"), 1500);
    });
    return make("div", "", make("dt", "", name), make("dd", "", make("code"), copy));
  }, (row, [, value]) => setText(row.querySelector("code"), value));
}
