// Ties the panels to what comes from the server.
import { byId, setText, tell } from "./dom.js";
import { call, follow, soon } from "./feed.js";
import * as phone from "./phone.js";
import * as desk from "./desk.js";
import * as bridge from "./bridge.js";
import * as controls from "./controls.js";

/** So much of what was is shown again when the page is opened. */
const history = 3000;

const refresh = soon(async () => {
  try {
    show(await call("GET", "/play/state"));
  } catch (error) {
    tell(error.message);
  }
}, 60);
const redraw = soon(async () => {
  if (bridge.show()) controls.hasNews("bridge");
}, 30);

function show(state) {
  if (phone.show(state)) controls.hasNews("phone");
  if (desk.show(state, phone.person()?.id)) controls.hasNews("desk");
  bridge.showWorkers(state.workers);
  controls.show(state);
}

function take(entry) {
  const hasNewWorkers = bridge.take(entry);
  if (entry.side === "bridge" || entry.side === "driver") redraw();
  if (entry.side !== "bridge") refresh();
  // A new worker takes a moment to be there.
  if (hasNewWorkers) for (const wait of [0, 400, 1500, 4000]) setTimeout(refresh, wait);
}

controls.prepare();
phone.prepare(id => { desk.selectPerson(id); refresh(); });
desk.prepare(id => phone.select(id));

try {
  const state = await call("GET", "/play/state");
  show(state);
  let isBehind = state.last > 0;
  if (!isBehind) bridge.goLive();
  follow(Math.max(0, state.last - history), entry => {
    take(entry);
    if (isBehind && entry.number >= state.last) {
      isBehind = false;
      bridge.goLive();
    }
  }, isOn => {
    document.body.classList.toggle("offline", !isOn);
    if (isOn) refresh();
    setText(byId("bridge-title"), isOn ? "The bridge" : "The bridge (connection lost)");
  });
} catch (error) {
  tell(error.message);
}
