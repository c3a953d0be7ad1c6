// The customer's phone.
import { byId, make, setText, reconcile, timeOf, tick, updateTick, picture, pictureOf, words, stickToEnd, prepareField, tell } from "./dom.js";
import { call } from "./feed.js";

let state = null;
let chosen = null;
let onChoose = () => {};

export const person = () => state?.people.find(candidate => candidate.id === chosen);

export function prepare(choose) {
  onChoose = choose;
  const form = byId("phone-form");
  const clear = prepareField(byId("phone-text"), form);
  byId("phone-customer").addEventListener("change", event => select(event.target.value));
  byId("phone-new").addEventListener("click", addCustomer);
  form.addEventListener("focusin", open);
  form.addEventListener("submit", event => {
    event.preventDefault();
    const text = byId("phone-text").value.trim();
    if (!text) return;
    clear();
    act(id => call("POST", `/viber/customers/${id}/messages`, { text }));
  });
  byId("phone-picture").addEventListener("click", () => act(id => call("POST", `/play/customers/${id}/pictures`)));
  byId("phone-repeat").addEventListener("click", () => {
    const message = lastWritten();
    if (message) act(id => call("POST", `/play/customers/${id}/repeat`, { token: message.id }));
  });
}

const lastWritten = () => person()?.messages.findLast(message => message.mine);

/** Those who have opened the chat. */
const openers = new Set();

/** Who goes to write for the first time opens the chat, as on a real phone. */
async function open() {
  const who = person();
  if (!who?.isNew || openers.has(who.id)) return;
  openers.add(who.id);
  await call("POST", `/viber/customers/${encodeURIComponent(who.id)}/open`);
}

async function act(send) {
  const who = person();
  if (!who) return;
  try {
    await open();
    await send(encodeURIComponent(who.id));
  } catch (error) {
    tell(error.message);
  }
}

const names = ["Yuki Tanaka", "Sofía Vega", "Liam Byrne", "Nadia Haddad", "Piotr Nowak", "Freya Lund", "Tomás Silva"];

async function addCustomer() {
  try {
    const name = names[(state?.people.length ?? 0) % names.length];
    const added = await call("POST", "/viber/customers", { name });
    chosen = added.id;
    onChoose(added.id);
    byId("phone-text").focus();
  } catch (error) {
    tell(error.message);
  }
}

/** Puts this person's phone into the panel. */
export function select(id) {
  if (id === chosen || !state?.people.some(candidate => candidate.id === id)) return;
  chosen = id;
  show(state);
  byId("phone-messages").scrollTop = byId("phone-messages").scrollHeight;
  onChoose(id);
}

/** Tells whether there is anything new. */
export function show(newState) {
  state = newState;
  if (!person() && state.people.length) {
    chosen = state.people[0].id;
    onChoose(chosen);
  }
  const who = person();
  const choice = byId("phone-customer");
  reconcile(choice, state.people, item => item.id, item => {
    const option = make("option");
    option.value = item.id;
    return option;
  }, (option, item) => setText(option, item.bot > 0 ? `${item.name} (${item.botName})` : item.name));
  if (!who) return false;
  choice.value = who.id;
  setText(byId("phone-business"), who.botName);
  setText(byId("phone-clock"), timeOf(Date.now()));
  byId("phone-repeat").disabled = !lastWritten();
  const list = byId("phone-messages");
  if (list.dataset.person !== who.id) {
    list.replaceChildren();
    list.dataset.person = who.id;
  }
  return stickToEnd(list, () => reconcile(list, who.messages, message => message.id, create, update));
}

function create(message) {
  const bubble = make("div", "bubble");
  const url = pictureOf(message);
  if (url) bubble.append(picture(url));
  if (message.text) bubble.append(words(message.text));
  const foot = make("small", "foot", timeOf(message.time));
  if (message.mine) foot.append(tick());
  bubble.append(foot);
  if (!message.mine && message.sender) bubble.prepend(make("small", "who", message.sender));
  return make("div", message.mine ? "mine" : "theirs", bubble);
}

function update(element, message) {
  if (message.mine) updateTick(element.querySelector(".tick"), message.mark);
}
