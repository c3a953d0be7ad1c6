// The agent's desk: the inbox and one conversation.
import { byId, make, setText, reconcile, timeOf, initials, tone, tick, updateTick, picture, pictureOf, words, stickToEnd, prepareField, tell } from "./dom.js";
import { call } from "./feed.js";

let state = null;
let chosen = null;
let onChoose = () => {};
/** By conversation, the number of messages the agent has seen. */
const looked = new Map();

const conversation = () => state?.conversations.find(candidate => candidate.id === chosen);

export function prepare(choose) {
  onChoose = choose;
  const form = byId("desk-form");
  const clear = prepareField(byId("desk-text"), form);
  form.addEventListener("submit", event => {
    event.preventDefault();
    const text = byId("desk-text").value.trim();
    if (!text) return;
    clear();
    const kind = form.elements.kind.value;
    act((path, agent) => call("POST", `${path}/${kind}`, { text, agent }));
  });
  form.addEventListener("change", () => {
    const isNote = form.elements.kind.value === "notes";
    form.classList.toggle("noting", isNote);
    byId("desk-text").placeholder = isNote ? "Only agents see this" : "Reply to the customer";
    setText(byId("desk-send"), isNote ? "Add note" : "Send");
    byId("desk-picture").disabled = isNote || !conversation();
  });
  byId("desk-picture").addEventListener("click", () => act((path, agent, id) =>
    call("POST", `/play/conversations/${id}/pictures`, { agent })));
  byId("desk-resolve").addEventListener("click", () => act((path, agent) =>
    call("POST", `${path}/${conversation().isResolved ? "reopen" : "resolve"}`, { agent })));
}

async function act(send) {
  if (!conversation()) return;
  const id = encodeURIComponent(chosen);
  try {
    await send(`/freshchat/conversations/${id}`, byId("desk-agent").value, id);
  } catch (error) {
    tell(error.message);
  }
}

/** Shows the newest conversation of this person, if there is one. */
export function selectPerson(id) {
  const found = state?.conversations.findLast(candidate => candidate.person === id);
  if (found) select(found.id, false);
}

function select(id, isByAgent) {
  chosen = id;
  show(state);
  byId("desk-messages").scrollTop = byId("desk-messages").scrollHeight;
  const person = conversation()?.person;
  if (isByAgent && person) onChoose(person);
}

const known = new Set();

/** Goes along with the phone to what begins there, unless the agent is writing. */
function follow(person) {
  const mine = state.conversations.findLast(candidate => candidate.person === person);
  const isFirst = mine && !known.has(mine.id);
  for (const { id } of state.conversations) known.add(id);
  if (mine && (conversation()?.person === person || isFirst && !byId("desk-text").value)) chosen = mine.id;
}

const spoken = item => item.messages.filter(message => message.kind !== "system");

/** Returns whether there is anything new in the conversation. */
export function show(newState, person) {
  state = newState;
  follow(person);
  if (!conversation()) chosen = state.conversations.at(-1)?.id ?? null;
  reconcile(byId("desk-agent"), state.agents, agent => agent.id, agent => {
    const option = make("option");
    option.value = agent.id;
    return option;
  }, (option, agent) => setText(option, agent.name));
  const current = conversation();
  if (current) looked.set(current.id, spoken(current).length);
  const sorted = [...state.conversations].sort((one, two) => two.updated - one.updated);
  reconcile(byId("desk-conversations"), sorted, item => item.id, createRow, updateRow);
  return showThread(current);
}

function createRow(item) {
  const button = make("button", "",
    make("span", `avatar ${tone(item.name)}`, initials(item.name)),
    make("span", "lines", make("strong", "", item.name), make("small", "excerpt")), make("span", "badge", make("span"), make("span", "unseen", " new")));
  button.type = "button";
  button.querySelector(".avatar").setAttribute("aria-hidden", "true");
  button.addEventListener("click", () => select(item.id, true));
  return make("li", "", button);
}

function updateRow(row, item) {
  const button = row.firstChild;
  button.toggleAttribute("data-resolved", item.isResolved);
  if (item.id === chosen) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  const newest = spoken(item).at(-1);
  const words = newest?.text || (newest?.picture ? "Picture" : "");
  setText(button.querySelector(".excerpt"), item.isResolved ? `Resolved · ${words}` : words);
  const unread = spoken(item).length - (looked.get(item.id) ?? 0);
  const badge = button.querySelector(".badge");
  setText(badge.firstChild, String(unread));
  badge.hidden = unread <= 0;
}

function showThread(current) {
  const isNote = byId("desk-form").elements.kind.value === "notes";
  for (const id of ["desk-text", "desk-send", "desk-resolve"]) byId(id).disabled = !current;
  byId("desk-picture").disabled = !current || isNote;
  setText(byId("desk-name"), current?.name ?? "No conversation yet");
  setText(byId("desk-topic"), current ? `${current.topic} · #${current.number}` : "Starts when the customer writes.");
  setText(byId("desk-resolve"), current?.isResolved ? "Reopen" : "Resolve");
  const list = byId("desk-messages");
  if (list.dataset.conversation !== (current?.id ?? "")) {
    list.replaceChildren();
    list.dataset.conversation = current?.id ?? "";
  }
  return stickToEnd(list, () => reconcile(list, current?.messages ?? [], message => message.id, create, update));
}

function create(message) {
  if (message.kind === "system") return make("div", "system", make("span", "", message.text));
  const isTheirs = message.by === "user";
  const bubble = make("div", "bubble");
  if (message.kind === "private") bubble.append(make("small", "who", "Private note"));
  else if (!isTheirs) bubble.append(make("small", "who", message.who || "Bot"));
  const url = pictureOf(message);
  if (url) bubble.append(picture(url));
  if (message.text) bubble.append(words(message.text));
  const foot = make("small", "foot", timeOf(message.time));
  if (!isTheirs && message.kind === "normal") foot.append(tick());
  bubble.append(foot);
  return make("div", message.kind === "private" ? "note" : isTheirs ? "theirs" : "mine", bubble);
}

function update(element, message) {
  const ticks = element.querySelector(".tick");
  if (ticks) updateTick(ticks, message.mark);
}
