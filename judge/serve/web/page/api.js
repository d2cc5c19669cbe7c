"use strict";
// What the page asks of the service. Addresses are relative, so that it also works below a path of a proxy.

// The token is the tab's. Where a browser keeps nothing, the page does until it is loaded again.
const token = {
  text: "",
  store: (() => { try { return window.sessionStorage; } catch { return null; } })(),
  read() { this.text = this.store?.getItem("token") ?? ""; },
  keep(text) {
    this.text = text;
    if (text) this.store?.setItem("token", text); else this.store?.removeItem("token");
  },
};

// Refused is an answer that is none, with what the problem document says.
class Refused extends Error {
  constructor(response, problem) {
    super(problem.detail || problem.title || "the service answered " + response.status);
    this.status = response.status;
    this.after = 1000 * Number(response.headers.get("Retry-After") || 0);
  }
}

async function ask(path, signal, headers = {}) {
  if (token.text) headers.Authorization = "Bearer " + token.text;
  const response = await fetch(path, { headers, signal, cache: "no-store" });
  if (!response.ok) throw new Refused(response, await response.json().catch(() => ({})));
  return response;
}

async function askJSON(path, signal) { return (await ask(path, signal)).json(); }

function submissionPath(id) { return "v1/submissions/" + encodeURIComponent(id); }

// linesOf yields the lines of an answer as they come.
async function* linesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      yield* lines;
    }
    if (rest) yield rest;
  } finally {
    reader.cancel().catch(() => {});
  }
}

// eventsOf yields the events of a submission, to its result. EventSource cannot send a token, so this does what it
// would: a stream that ends early is asked for again, after the last event. lost is called whenever it did.
async function* eventsOf(id, signal, lost) {
  let last = "", failures = 0;
  while (!signal.aborted) {
    try {
      const response = await ask(submissionPath(id) + "/events", signal, last ? { "Last-Event-ID": last } : {});
      if (response.status === 204) return;
      let event = {};
      for await (const line of linesOf(response)) {
        const colon = line.indexOf(": ");
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
        if (line !== "") continue;
        if (event.data) {
          failures = 0;
          last = event.id;
          yield { kind: event.event, data: JSON.parse(event.data) };
          if (event.event === "result") return;
        }
        event = {};
      }
    } catch (error) {
      if (signal.aborted || error.status === 401 || error.status === 404) throw error;
      failures++;
      lost(error);
    }
    await pause(backOff(500, failures), signal);
  }
}

// backOff is how long to wait after so many failures in a row, in milliseconds.
function backOff(first, failures) { return Math.min(30_000, first * 2 ** failures); }

// pause returns after some milliseconds, or when the signal comes, and not while nobody sees the page.
async function pause(milliseconds, signal) {
  await until(signal, (done) => {
    const timer = setTimeout(done, milliseconds);
    return () => clearTimeout(timer);
  });
  await until(signal, (done) => {
    const look = () => { if (!document.hidden) done(); };
    document.addEventListener("visibilitychange", look);
    look();
    return () => document.removeEventListener("visibilitychange", look);
  });
}

// until returns when what begin starts is done, or the signal comes; begin returns what ends it.
function until(signal, begin) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    let end = () => {}, over = false;
    const done = () => {
      over = true;
      signal.removeEventListener("abort", done);
      end();
      resolve();
    };
    signal.addEventListener("abort", done);
    end = begin(done);
    if (over) end();
  });
}
