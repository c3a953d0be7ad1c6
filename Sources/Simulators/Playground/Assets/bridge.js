// The middle: workers, the wire, and a card for each message.
import { byId, make, setText, reconcile, colourWorkers, workerTone, say } from "./dom.js";
import * as steps from "./steps.js";

const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
const dying = new Map();
let alive = [];
/** Whether steps are animated: those from before the page was opened aren't. */
let isLive = false;

export function goLive() { isLive = true; }

/** Takes an entry of the log; returns whether the workers may have changed. */
export function take(entry) {
  if (entry.side === "driver" && entry.name === "worker.killed") {
    const worker = Number(entry.subject);
    steps.killed(worker, entry.time);
    if (isLive) {
      dying.set(worker, true);
      setTimeout(() => { dying.delete(worker); showWorkers(alive); }, 2500);
      say(`Worker ${worker} was killed.`);
    }
    return true;
  }
  if (entry.side !== "bridge") return false;
  const step = JSON.parse(entry.text);
  steps.take(step);
  if (isLive) fly(step);
  return step.step === "started" || step.step === "stopped";
}

export function show() {
  const ways = steps.newestFirst();
  byId("ways-empty").hidden = ways.length > 0;
  const added = reconcile(byId("ways"), ways, way => way.key, create, update);
  // The newest card shows every step, and so do those still under way.
  [...byId("ways").children].forEach((card, index) => card.classList.toggle("brief", index > 0 && steps.hasEnded(ways[index])));
  return added;
}

export function showWorkers(list) {
  alive = list;
  colourWorkers(alive);
  const all = [...new Set([...alive, ...dying.keys()])].sort((one, two) => one - two);
  reconcile(byId("workers"), all.map(String), id => id, id => make("li", `worker ${workerTone(id)}`, make("span", "", id)),
    (element, id) => {
      const isDead = !alive.includes(Number(id));
      element.classList.toggle("dead", isDead);
      setText(element.firstChild, isDead ? `${id} killed` : `worker ${id}`);
    });
}

function create(way) {
  const name = make("strong", "", "");
  const head = make("div", "head", make("span", `arrow ${way.direction}`), name, make("span", "chip"));
  return make("li", "way", head, make("p", "text"), make("ol", "steps"), make("p", "extra"));
}

function update(card, way) {
  const { total, attempts } = steps.summary(way);
  card.dataset.state = way.state;
  card.classList.toggle("done", steps.hasEnded(way));
  const [head, text, list, extra] = card.children;
  head.children[0].className = `arrow ${way.direction}`;
  setText(head.children[0], way.direction === "outbound" ? "← to the phone" : "to the desk →");
  setText(head.children[1], way.event === "note" ? "Private note" : way.name);
  setText(head.children[2], total && way.state === "delivered" ? `delivered in ${total}` : steps.stateWord(way));
  setText(text, way.text);
  const told = steps.told(way).map((step, index) => ({ ...step, index: String(index) }));
  reconcile(list, told, step => step.index,
    () => make("li", "", make("i"), make("span"), make("small"), make("em")), updateStep);
  const words = [];
  if (attempts > 1) words.push(`${attempts} attempts`);
  if (way.repeats > 0) words.push(`${way.repeats} ${way.repeats === 1 ? "duplicate" : "duplicates"} ignored`);
  if (way.workers.size > 1) words.push(`${way.workers.size} workers`);
  setText(extra, words.join(" · "));
  extra.hidden = words.length === 0;
}

function updateStep(element, step) {
  element.dataset.step = step.kind;
  element.title = step.title;
  setText(element.children[1], step.label);
  setText(element.children[2], step.value);
  element.children[3].className = step.worker ? workerTone(step.worker, alive.map(String)) : "";
  setText(element.children[3], step.worker ? String(step.worker) : "");
}

/** A spark on the wire: towards the bridge, or away from it. */
function fly(step) {
  if (isCalm.matches || document.hidden || step.event !== "message") return;
  const isInbound = step.direction === "inbound";
  // Only now is it known to be a message, and not one of its echoes.
  if (step.step === "committed" && step.outcome === "accepted") spark(isInbound ? "wire-left" : "wire-right", !isInbound, "");
  if (step.step === "sending") spark(isInbound ? "wire-right" : "wire-left", !isInbound, "");
  if (step.step === "retrying" || step.step === "in_doubt") spark(isInbound ? "wire-right" : "wire-left", isInbound, "bad");
}

function spark(place, isBackwards, kind) {
  const wire = byId(place);
  if (wire.childElementCount > 12) return;
  const dot = make("b", `${isBackwards ? "back" : "forth"} ${kind}`);
  dot.addEventListener("animationend", () => dot.remove());
  wire.append(dot);
}
