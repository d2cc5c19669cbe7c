// How the page shows things. Text comes from anybody: it becomes text nodes here, and nothing else.

const get = (id) => document.getElementById(id);

// visible shows what has no picture, or would move what stands beside it, as an escape.
function visible(text) {
  return String(text).replace(/[^\P{C}\n\t]|[\u2028\u2029]/gu, (c) => {
    const code = c.codePointAt(0).toString(16);
    return code.length <= 2 ? "\\x" + code.padStart(2, "0") : code.length <= 4 ? "\\u" + code.padStart(4, "0") : "\\U" + code.padStart(8, "0");
  });
}

function element(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== "") e.setAttribute(key, value);
  e.append(...children.map((child) => (child instanceof Node ? child : visible(child))));
  return e;
}

const cell = (...children) => element("td", {}, ...children);
const wide = (...children) => element("td", { class: "wide" }, ...children);
const num = (...children) => element("td", { class: "num" }, ...children);
const wideNum = (...children) => element("td", { class: "num wide" }, ...children);

// show hides an element without text.
function show(id, text) {
  const e = get(id), shown = visible(text);
  e.hidden = !text;
  if (e.textContent !== shown) e.textContent = shown;
}

// rows makes a table's rows those of a list of [key, cells]. What has not changed stays where it is, with the
// reader's focus and selection in it.
function rows(body, list) {
  const known = new Map([...body.children].map((row) => [row.dataset.key, row]));
  const wanted = list.map(([key, cells]) => {
    const row = known.get(key) ?? element("tr", { "data-key": key });
    cells.forEach((made, i) => {
      const old = row.children[i];
      if (!old) row.append(made);
      else if (!old.isEqualNode(made)) old.replaceWith(made);
    });
    return row;
  });
  const kept = new Set(wanted);
  for (const row of known.values()) if (!kept.has(row)) row.remove();
  wanted.forEach((row, i) => { if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null); });
}

// facts makes a list of names and values; those without a value are left out.
function facts(list, pairs) {
  const made = pairs.filter(([, value]) => value !== undefined && value !== "" && value !== null)
    .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  if (made.length !== list.children.length || made.some((e, i) => !e.isEqualNode(list.children[i]))) list.replaceChildren(...made);
}

const verdicts = ["accepted", "wrong-answer", "time-limit", "memory-limit", "output-limit", "runtime-error", "compile-error", "skipped", "judge-error"];

// chip is a verdict, or a state where there is none.
function chip(verdict, reason, state = "") {
  const word = verdict || state, known = verdicts.includes(verdict) ? "v-" + verdict : state === "running" ? "running" : "v-skipped";
  return element("span", { class: "chip " + known }, reason && reason.length < 30 ? word + " (" + reason + ")" : word);
}

const duration = (ms) => (typeof ms !== "number" ? "" : ms < 1000 ? ms.toFixed(ms < 10 ? 1 : 0) + " ms" : (ms / 1000).toFixed(2) + " s");
const size = (bytes) => (typeof bytes !== "number" ? "" : (bytes / 2 ** 20).toFixed(1) + " MiB");

// time is the time of day, with the date when that is another.
function time(text) {
  const at = new Date(text);
  if (!text || Number.isNaN(at.getTime())) return "";
  const today = at.toDateString() === new Date().toDateString();
  return element("time", { datetime: at.toISOString(), title: at.toLocaleString() }, today ? at.toLocaleTimeString() : at.toLocaleString());
}

// between is the time from one to another.
const between = (from, to) => (from && to ? duration(Math.max(0, new Date(to) - new Date(from))) : "");

// online says whether what is shown is how things are now.
function online(word, bad) {
  const state = get("state");
  if (state.textContent !== word) state.textContent = word;
  state.classList.toggle("bad", Boolean(bad));
}
