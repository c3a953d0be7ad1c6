// Making and updating elements. Texts only ever become text nodes: what people write is never read as HTML.

export const byId = id => document.getElementById(id);

/** An element with a class, a text or children. */
export function make(tag, className = "", ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content.filter(piece => piece !== null && piece !== undefined));
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` those of `items`, one each by `key`: keeps what is there, adds and removes the rest.
 * `update(element, item)` fills in what may change. Tells whether anything was added.
 */
export function reconcile(parent, items, key, create, update) {
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]));
  let added = false;
  let before = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let element = old.get(name);
    if (element) {
      old.delete(name);
    } else {
      element = create(item);
      element.dataset.key = name;
      added = true;
    }
    if (element === before) before = before.nextElementSibling;
    else parent.insertBefore(element, before);
    update(element, item);
  }
  for (const element of old.values()) element.remove();
  return added;
}

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
export const timeOf = milliseconds => clock.format(new Date(milliseconds));

export function initials(name) {
  return name.split(/\s+/).slice(0, 2).map(word => [...word][0] ?? "").join("").toUpperCase();
}

const tones = 6;
/** The same colour for the same word, of those that the stylesheet has. */
export function tone(word) {
  let sum = 0;
  for (const character of String(word)) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return `tone${sum % tones}`;
}

/** By worker, the number of its colour; workers keep theirs also after they have ended. */
const workerTones = new Map();

/** Gives each of these workers a colour that no other living one has, as long as there are enough. */
export function colourWorkers(alive) {
  for (const worker of alive.map(String)) workerTone(worker, alive.map(String));
}

/** A worker's colour: its own for ever, different from those of `alive`. */
export function workerTone(worker, alive = []) {
  const key = String(worker);
  if (!workerTones.has(key)) {
    const taken = new Set(alive.filter(other => other !== key).map(other => workerTones.get(other)));
    const order = Array.from({ length: tones }, (_, index) => (workerTones.size + index) % tones);
    workerTones.set(key, order.find(candidate => !taken.has(candidate)) ?? order[0]);
  }
  return `tone${workerTones.get(key)}`;
}

const marks = { sent: ["✓", "sent"], delivered: ["✓✓", "delivered"], seen: ["✓✓", "seen"], failed: ["✕", "failed"] };

/** The ticks beside a message, with their meaning for those who don't see them. */
export function tick() {
  return make("span", "tick", make("span"), make("span", "unseen"));
}

export function updateTick(element, mark) {
  const [sign, word] = marks[mark] ?? ["", ""];
  element.dataset.mark = mark ?? "";
  element.title = word;
  element.firstChild.setAttribute("aria-hidden", "true");
  setText(element.firstChild, sign);
  setText(element.lastChild, word ? ` ${word}` : "");
}

const links = /https?:\/\/[^\s<>"]+/g;
/** Where the doubles keep pictures: a link there is shown with what it leads to, as messengers do. */
const previews = /^http:\/\/127\.0\.0\.1:\d+\/(media\/2|cdn\/images)\//;

/** What was written: its links can be followed, and are no longer than needed. */
export function words(text) {
  const paragraph = make("p");
  let end = 0;
  for (const match of text.matchAll(links)) {
    paragraph.append(text.slice(end, match.index));
    end = match.index + match[0].length;
    const link = make("a", "", match[0].length > 40 ? `${match[0].slice(0, 36)}…` : match[0]);
    link.href = match[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    paragraph.append(link);
  }
  paragraph.append(text.slice(end));
  return paragraph;
}

/** The picture of a message: its own, or that of a link. */
export const pictureOf = message => message.picture ?? message.text.match(links)?.find(link => previews.test(link));

/** A picture that people sent; its words stand beside it. */
export function picture(url) {
  const image = make("img", "picture");
  image.alt = "A parcel in the evening sun";
  image.loading = "lazy";
  image.src = url;
  return image;
}

/** Keeps the end of a list in sight, unless somebody has scrolled up to read. */
export function stickToEnd(list, change) {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const added = change();
  if (added && isAtEnd) list.scrollTop = list.scrollHeight;
  return added;
}

let toast = 0;
export function tell(problem) {
  const element = byId("failure");
  setText(element, problem);
  element.hidden = false;
  clearTimeout(toast);
  toast = setTimeout(() => { element.hidden = true; }, 6000);
}

/** For those who listen instead of looking. */
export function say(news) { byId("news").textContent = news; }

/** Enter sends, Shift+Enter begins a line, the field grows with its text. */
export function prepareField(field, form) {
  const grow = () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, 120)}px`;
  };
  field.addEventListener("input", grow);
  field.addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  const row = form.querySelector(".emoji");
  for (const [sign, name] of [["👋", "Wave"], ["😀", "Smile"], ["❤️", "Heart"], ["🙏🏽", "Thanks"], ["📦", "Parcel"], ["👩‍👩‍👧‍👦", "Family"]]) {
    const button = make("button", "", sign);
    button.type = "button";
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => {
      field.setRangeText(sign, field.selectionStart, field.selectionEnd, "end");
      field.focus();
    });
    row.append(button);
  }
  return () => {
    field.value = "";
    grow();
  };
}
