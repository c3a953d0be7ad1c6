// Gathers the bridge's steps into a timeline for each message. No elements here.

const shown = 60;
/** By delivery, or by request for what was refused; the newest last. */
const ways = new Map();
/** The steps of requests that aren't committed yet. */
const requests = new Map();

const states = {
  committed: "on disk", claimed: "claimed", sending: "sending", answered: "answered", delivered: "delivered",
  retrying: "retrying", in_doubt: "in doubt", found: "already delivered", held: "held", dead: "failed",
  discarded: "discarded", refused: "rejected", killed: "worker killed", recovered: "taken over",
};
const ends = new Set(["delivered", "dead", "discarded", "refused", "held"]);

export const newestFirst = () => [...ways.values()].filter(way => way.event === "message" || way.event === "note").reverse();
export const hasEnded = way => ends.has(way.state);
export const stateWord = way => states[way.state] ?? way.state;

/** The ways that this step belongs to; none for what is no message's. */
export function take(step) {
  if (step.delivery && !step.request) return [push(way(`delivery ${step.delivery}`), step)];
  if (step.step === "recovered") return (step.deliveries ?? []).map(id => push(way(`delivery ${id}`), step));
  if (!step.request) return [];
  const earlier = requests.get(step.request) ?? [];
  if (step.step === "committed") {
    requests.delete(step.request);
    return commit(step, [...earlier, step]);
  }
  if (step.step === "refused" || step.step === "ignored") requests.delete(step.request);
  else remember(step.request, [...earlier, step]);
  if (step.step !== "refused") return [];
  const found = way(`request ${step.request}`);
  found.event = step.event ?? "message";
  for (const each of [...earlier, step]) push(found, each);
  return [found];
}

function remember(request, steps) {
  requests.set(request, steps);
  if (requests.size > 500) requests.delete(requests.keys().next().value);
}

function commit(step, steps) {
  if (step.outcome === "repeat") {
    const known = (step.deliveries ?? []).map(id => ways.get(`delivery ${id}`)).find(Boolean)
      ?? [...ways.values()].findLast(other => other.direction === step.direction && other.text === step.text);
    if (!known || step.event !== "message") return [];
    known.repeats += 1;
    return [known];
  }
  return (step.deliveries ?? []).map(id => {
    const found = way(`delivery ${id}`);
    for (const each of steps) push(found, each);
    return found;
  });
}

function way(key) {
  let found = ways.get(key);
  if (!found) {
    found = { key, steps: [], state: "", repeats: 0, name: "", text: "", event: "", direction: "", workers: new Set() };
    ways.set(key, found);
    if (ways.size > shown) ways.delete(ways.keys().next().value);
  }
  return found;
}

function push(found, step) {
  const at = Date.parse(step.at);
  // Workers tell side by side: what one of them did first may be heard last.
  let index = found.steps.length;
  while (index > 0 && found.steps[index - 1].at > at) index -= 1;
  found.steps.splice(index, 0, { ...step, at });
  found.name = step.name && (step.request || !found.name) ? step.name : found.name;
  found.text ||= step.text ?? "";
  found.event ||= step.event ?? "";
  found.direction ||= step.direction ?? "";
  found.channel ||= step.channel ?? "";
  if (step.worker) found.workers.add(step.worker);
  // A note is written after the end.
  found.state = found.steps.findLast(({ step }) => step !== "note")?.step ?? found.state;
  return found;
}

/** A worker was killed: its messages in flight wait for another. */
export function killed(worker, time) {
  for (const found of ways.values()) {
    const last = found.steps.at(-1);
    if (["claimed", "sending", "answered"].includes(found.state) && last.worker === worker) {
      push(found, { step: "killed", worker, at: new Date(Math.max(time, last.at)).toISOString() });
    }
  }
}

const sides = { inbound: "Freshchat", outbound: "Viber" };

/** The steps as they are shown: a call and its answer are one. */
export function told(found) {
  const list = [];
  for (const step of found.steps) {
    const previous = list.at(-1);
    const entry = { kind: step.step, label: label(step, found), value: value(step), title: step.detail ?? "", worker: step.worker };
    if (step.step === "answered" && previous?.kind === "sending") {
      list.pop();
      entry.title = step.detail ?? previous.title;
    }
    list.push(entry);
  }
  return list;
}

function label(step, found) {
  switch (step.step) {
    case "received": return found.direction === "outbound" ? "reply received" : "received";
    case "verified": return "signature verified";
    case "committed": return "on disk, acknowledged with 200";
    case "claimed": return "claimed";
    case "sending": return `sending to ${sides[found.direction]}`;
    case "answered": return `${step.detail?.startsWith("GET ") ? "looked up" : "sent"}: ${step.status ? `HTTP ${step.status}` : "no response"}`;
    case "delivered": return "delivered";
    case "retrying": return step.detail?.split(":")[0] ?? "retrying later";
    case "in_doubt": return "in doubt";
    case "found": return "looked up: already delivered";
    case "killed": return `worker ${step.worker} killed`;
    case "recovered": return "taken over";
    case "note": return "private note for the agents";
    default: return states[step.step] ?? step.step;
  }
}

function value(step) {
  if (typeof step.ms !== "number" || ["retrying", "in_doubt", "killed"].includes(step.step)) return "";
  return milliseconds(step.ms);
}

export function milliseconds(time) {
  if (time >= 10000) return `${(time / 1000).toFixed(1)} s`;
  return `${time >= 100 ? Math.round(time) : time >= 10 ? time.toFixed(1) : time.toFixed(2)} ms`;
}

/** From the first step to the last, and how often it was tried. */
export function summary(found) {
  const first = found.steps[0];
  const last = found.steps.at(-1);
  const accepted = found.steps.find(step => step.step === "committed");
  return {
    total: hasEnded(found) && first !== last ? milliseconds(Math.max(last.at - first.at, accepted?.ms ?? 0, 1)) : "",
    attempts: Math.max(1, ...found.steps.map(step => step.attempt ?? 1)),
  };
}
