// What comes from the server, and what goes to it.

export async function call(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (method !== "GET") {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body ?? {});
  }
  const response = await fetch(path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The sandbox returned ${response.status}.`);
  return answer;
}

/** Gives every entry of the log above `since` to `take`, in order; `connected(isOn)` tells of breaks. */
export function follow(since, take, connected) {
  let last = since;
  const pass = entry => {
    if (entry.number <= last) return;
    last = entry.number;
    take(entry);
  };
  if (!("EventSource" in window)) return void poll(() => last, pass, connected);
  let failures = 0;
  // The browser comes back by itself, and says with Last-Event-ID what it has.
  const source = new EventSource(`/events?since=${since}`);
  source.onopen = () => {
    failures = 0;
    connected(true);
  };
  source.onmessage = event => pass(JSON.parse(event.data));
  source.onerror = () => {
    connected(false);
    failures += 1;
    if (source.readyState === EventSource.CLOSED || failures > 20) {
      source.close();
      poll(() => last, pass, connected);
    }
  };
}

/** Where no stream gets through: asks, and waits for the answer. */
async function poll(last, pass, connected) {
  for (;;) {
    try {
      const answer = await call("GET", `/log?since=${last()}&wait=20000`);
      connected(true);
      answer.entries.forEach(pass);
    } catch {
      connected(false);
      await new Promise(resolve => setTimeout(resolve, 1000));
    }
  }
}

/** Does `work` soon, once for any number of requests in the meantime, and never twice at the same time. */
export function soon(work, wait) {
  let isAsked = false;
  let isBusy = false;
  const run = async () => {
    if (isBusy) return;
    isBusy = true;
    while (isAsked) {
      isAsked = false;
      await work();
      await new Promise(resolve => setTimeout(resolve, wait));
    }
    isBusy = false;
  };
  return () => {
    isAsked = true;
    run();
  };
}
