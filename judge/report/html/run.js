"use strict";
// What is known of a run, in the dialog. Text comes into the page by textContent alone.

function element(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  e.append(...children.filter((c) => c !== null));
  return e;
}

// json is the content of a data element; each is read when it is needed first.
const json = (() => {
  const known = new Map();
  return (id) => {
    if (!known.has(id)) known.set(id, JSON.parse(document.getElementById(id).textContent));
    return known.get(id);
  };
})();

function meter(share, over) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 4");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const [className, width] of [["track", 100], [over || share >= 1 ? "over" : "fill", 100 * share]]) {
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    rect.setAttribute("class", className);
    rect.setAttribute("width", width);
    rect.setAttribute("height", 4);
    svg.append(rect);
  }
  return svg;
}

function figureBox(f) {
  const of = f.limit ? element("span", { class: "muted" }, " of " + f.limit) : null;
  const over = f.over ? element("div", { class: "bad" }, "✗ over the limit") : null;
  return element("div", f.over ? { class: "over-limit" } : {},
    element("div", { class: "name" }, f.name), element("b", {}, f.used), of, f.limit ? meter(f.share, f.over) : null, over);
}

function textBox(t, mark) {
  const pre = element("pre", { tabindex: "0", "aria-label": t.name });
  if (mark) {
    const [from, to] = mark;
    const marked = element("mark", { title: "here they differ first" }, to > from ? t.text.slice(from, to) : "⟨end⟩");
    pre.append(t.text.slice(0, from), marked, t.text.slice(to));
  } else {
    pre.textContent = t.text;
  }
  return element("div", {}, element("h3", {}, t.name, " ", element("span", { class: "muted" }, t.note || "")), pre);
}

function moment(m) {
  const who = element("div", { class: "who" }, m.at + " · " + m.from + (m.to ? " → " + m.to : " has ended"));
  const what = m.to ? element("pre", {}, m.text) : element("div", { class: "end" }, m.text);
  return element("li", m.left ? { class: "left" } : {}, who, what);
}

function table(head, rows) {
  const cells = (name, list) => element("tr", {}, ...list.map((c) => element(name, {}, c)));
  return element("div", { class: "scroll" },
    element("table", { class: "list" }, element("thead", {}, cells("th", head)), element("tbody", {}, ...rows.map((r) => cells("td", r)))));
}

function facts(list) {
  return element("dl", {}, ...list.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

// runBody shows the details of a run.
function runBody(d, verdict, judges) {
  const body = element("div", { class: "run-body" });
  const section = (title, ...content) => body.append(element("section", { "aria-label": title }, element("h3", {}, title), ...content));
  body.append(element("div", { class: "verdict" }, element("span", { class: "chip v-" + verdict }, d.label),
    d.message ? element("div", { class: "message" }, d.message) : null));
  if (d.figures) section("Used, and allowed", element("div", { class: "figures" }, ...d.figures.map(figureBox)));
  const given = d.given ? json("given-" + d.given) : {};
  const said = (d.texts || []).map((t) => textBox(t, t.mark));
  const texts = [given.answer && textBox(given.answer, d.answer), said[0], given.input && textBox(given.input), ...said.slice(1)].filter(Boolean);
  if (d.timeline) {
    section("What the processes said", element("ol", { class: "timeline" }, ...d.timeline.map(moment)),
      d.note ? element("p", { class: "note" }, d.note) : null);
  }
  if (texts.length) body.append(element("div", { class: "texts" }, ...texts));
  if (d.samples) section("All runs of this test", table(["CPU time", "Wall time", "Memory", "Verdict", "Disturbed by"], d.samples));
  if (d.facts) section("How it ended", facts(d.facts));
  if (d.judge) body.append(element("details", { class: "about" }, element("summary", {}, "How it was limited and measured"), facts(judges[d.judge - 1])));
  return body;
}
