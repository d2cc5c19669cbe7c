// Filters, matrices, the list of runs, and the dialog of one run. The page without this script has the
// overview and the matrices; everything with class script is for us.
document.addEventListener("DOMContentLoaded", () => {
  const index = json("index");
  const { tasks, submissions, runs, verdicts } = index;
  const letters = { accepted: "✓", "wrong-answer": "W", "time-limit": "T", "memory-limit": "M", "output-limit": "O",
    "runtime-error": "R", "compile-error": "C", skipped: "–", "judge-error": "!" };
  const get = (id) => document.getElementById(id);
  if (!submissions.length) return;
  document.querySelectorAll(".script").forEach((e) => { e.hidden = false; });

  const testName = (r) => (runs.test[r] < 0 ? "compile" : tasks[submissions[runs.submission[r]].task].tests[runs.test[r]]);
  const runName = (r) => submissions[runs.submission[r]].name + ", " + testName(r) + ": " + verdicts[runs.verdict[r]];

  // Filters. A submission is shown if it fits; a run is, if its submission fits and the run's verdict too.
  const filter = { text: get("f-text"), task: get("f-task"), verdict: get("f-verdict"), unexpected: get("f-unexpected") };
  const runsOf = submissions.map(() => []);
  runs.submission.forEach((s, r) => { if (s >= 0) runsOf[s].push(r); });
  let listed = []; // runs that fit
  function apply() {
    const words = filter.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const task = filter.task.value, verdict = verdicts.indexOf(filter.verdict.value);
    const testFits = tasks.map((t) => t.tests.map((name) => name.toLowerCase()));
    const shown = submissions.map((s, i) => {
      if (filter.unexpected.checked && s.good || task !== "" && s.task !== +task) return false;
      if (verdict >= 0 && s.verdict !== verdict && !runsOf[i].some((r) => runs.verdict[r] === verdict)) return false;
      if (!words.length) return true;
      const text = [s.name, s.language, tasks[s.task].name, verdicts[s.verdict], s.text || ""].join(" ").toLowerCase();
      return words.every((w) => text.includes(w) || runsOf[i].some((r) => runs.test[r] >= 0 && testFits[s.task][runs.test[r]].includes(w)));
    });
    listed = [];
    shown.forEach((yes, s) => {
      if (!yes) return;
      const own = submissions[s];
      const text = [own.name, own.language, tasks[own.task].name, own.text || "", verdicts[own.verdict]].join(" ").toLowerCase();
      for (const r of runsOf[s]) {
        if (verdict >= 0 && runs.verdict[r] !== verdict) continue;
        if (words.every((w) => text.includes(w) || testName(r).toLowerCase().includes(w))) listed.push(r);
      }
    });
    document.querySelectorAll("[data-s]").forEach((e) => { e.toggleAttribute("hidden", !shown[e.dataset.s]); });
    const live = new Set(submissions.filter((_, i) => shown[i]).map((s) => s.task));
    document.querySelectorAll("[data-t]").forEach((e) => { e.hidden = !live.has(+e.dataset.t); });
    document.querySelectorAll(".later").forEach((e) => { e.open = false; });
    const look = get("look");
    if (look) look.hidden = !look.querySelector("li:not([hidden])");
    const n = shown.filter(Boolean).length;
    get("f-count").textContent = n === submissions.length ? n + " submissions" : n + " of " + submissions.length + " submissions";
    showRuns(true);
  }

  // The list of runs, in pages.
  const page = 100, list = document.querySelector(".runs tbody"), more = get("runs-more");
  function showRuns(anew) {
    if (anew) list.replaceChildren();
    const from = list.children.length;
    list.append(...listed.slice(from, from + page).map((r) => {
      const s = submissions[runs.submission[r]], v = verdicts[runs.verdict[r]], made = runs.cpu[r] >= 0;
      return element("tr", { "data-r": r },
        element("td", {}, element("button", { class: "link", type: "button" }, s.name), " ", tasks.length > 1 ? element("span", { class: "muted" }, tasks[s.task].name) : ""),
        element("td", {}, testName(r)), element("td", {}, element("span", { class: "chip v-" + v }, v)),
        element("td", { class: "num" }, made ? runs.cpu[r].toFixed(runs.cpu[r] < 10 ? 2 : 0) + " ms" : "–"),
        element("td", { class: "num" }, made ? runs.memory[r].toFixed(1) + " MiB" : "–"));
    }));
    more.hidden = list.children.length >= listed.length;
    get("runs-count").textContent = listed.length;
  }
  more.addEventListener("click", () => {
    const first = list.children.length;
    showRuns(false);
    list.children[first].querySelector("button").focus();
  });

  // Matrices that are too large to be there from the beginning.
  document.querySelectorAll("[data-matrix]").forEach((details) => details.addEventListener("toggle", () => {
    const task = +details.dataset.matrix, place = details.querySelector(".scroll");
    place.replaceChildren();
    if (!details.open) return;
    const rows = submissions.map((_, i) => i).filter((i) => submissions[i].task === task && runsOf[i].some((r) => listedSet().has(r))).slice(0, 200);
    const head = element("tr", {}, element("th", { class: "corner" }), ...tasks[task].tests.map((name) => element("th", { scope: "col" }, element("span", {}, name))));
    place.append(element("table", { class: "matrix" }, element("thead", {}, head), element("tbody", {}, ...rows.map((i) => {
      const cells = tasks[task].tests.map(() => element("td", {}, "·"));
      for (const r of runsOf[i]) {
        if (runs.test[r] < 0) continue;
        const v = verdicts[runs.verdict[r]];
        cells[runs.test[r]] = element("td", { class: "v-" + v, "data-r": r }, letters[v]);
      }
      return element("tr", {}, element("th", { scope: "row" }, element("span", {}, submissions[i].name)), ...cells);
    }))));
    makeGrid(place.querySelector("table"));
  }));
  let setOf = null, set = null;
  function listedSet() {
    if (setOf !== listed) [setOf, set] = [listed, new Set(listed)];
    return set;
  }

  // A matrix is one stop of the Tab key; arrows go from cell to cell.
  function makeGrid(matrix) {
    const first = matrix.querySelector("td[data-r]");
    if (first) first.tabIndex = 0;
  }
  document.querySelectorAll(".matrix").forEach(makeGrid);
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  function step(cell, [down, right]) {
    let row = cell.parentElement, column = cell.cellIndex;
    do {
      if (down) row = down > 0 ? row.nextElementSibling : row.previousElementSibling;
      column += right;
      if (!row || !row.cells[column] || column < 1) return;
    } while (row.hidden || !row.cells[column].dataset.r);
    const next = row.cells[column];
    cell.closest("table").querySelectorAll("td[tabindex]").forEach((e) => e.removeAttribute("tabindex"));
    next.tabIndex = 0;
    next.focus();
  }
  document.addEventListener("focusin", (event) => {
    const cell = event.target.closest(".matrix td[data-r]");
    if (cell) cell.setAttribute("aria-label", runName(+cell.dataset.r));
  });
  document.addEventListener("mouseover", (event) => {
    const cell = event.target.closest(".matrix td[data-r]");
    if (cell && !cell.title) cell.title = runName(+cell.dataset.r);
    const dot = event.target.closest(".plot [data-r]");
    if (dot && !dot.firstChild) {
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = runName(+dot.dataset.r) + ", " + runs.cpu[dot.dataset.r] + " ms, " + runs.memory[dot.dataset.r] + " MiB";
      dot.append(title);
    }
  });

  // The dialog. The address names the run, so that it can be given to others.
  const dialog = get("run");
  let current = -1, opener = null;
  function open(r) {
    if (!(r >= 0) || r >= runs.submission.length || runs.submission[r] < 0) return;
    current = r;
    let piece = index.pieces.length - 1;
    while (index.pieces[piece] > r) piece--;
    const detail = json("runs-" + piece)[r - index.pieces[piece]];
    const s = submissions[runs.submission[r]], at = listed.indexOf(r);
    const button = (label, title, act, off) => {
      const b = element("button", { type: "button", title, "aria-label": title }, label);
      b.disabled = !!off;
      b.addEventListener("click", act);
      return b;
    };
    dialog.replaceChildren(element("div", { class: "run-top" },
      element("div", {}, element("h2", { id: "run-title", tabindex: "-1" }, s.name + " – " + testName(r)), element("span", { class: "muted" }, tasks[s.task].name + ", " + s.language)),
      button("←", "Previous run", () => go(-1), at <= 0), button("→", "Next run", () => go(1), at < 0 || at === listed.length - 1),
      button("Close", "Close", () => dialog.close())), runBody(detail, verdicts[runs.verdict[r]], index.judges));
    if (!dialog.open) {
      opener = document.activeElement;
      dialog.showModal();
    }
    get("run-title").focus();
    dialog.scrollTop = 0;
    dialog.querySelectorAll("mark").forEach((m) => { m.parentElement.scrollTop = m.offsetTop - m.parentElement.offsetTop - 60; });
    history.replaceState(null, "", "#run=" + r);
  }
  function go(by) {
    const next = listed[listed.indexOf(current) + by];
    if (next !== undefined && listed.includes(current)) open(next);
  }
  dialog.addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
    // The browser gives the focus back by itself; this event comes later, and the reader may have moved on.
    if (opener && document.activeElement === document.body) opener.focus();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  document.querySelectorAll(".chip[data-r]").forEach((chip) => {
    chip.tabIndex = 0;
    chip.setAttribute("role", "button");
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-r]");
    if (target) open(+target.dataset.r);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (dialog.open) {
      if (event.key === "ArrowLeft") go(-1);
      if (event.key === "ArrowRight") go(1);
      return;
    }
    const cell = event.target.closest(".matrix td[data-r], .chip[data-r]");
    if (cell && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      open(+cell.dataset.r);
    } else if (cell && cell.matches("td") && steps[event.key]) {
      event.preventDefault();
      step(cell, steps[event.key]);
    } else if (event.key === "/" && !event.target.closest("input, select")) {
      event.preventDefault();
      filter.text.focus();
    }
  });
  let pending = 0;
  filter.text.addEventListener("input", () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(apply);
  });
  [filter.task, filter.verdict, filter.unexpected].forEach((e) => e.addEventListener("change", apply));
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  const named = () => {
    const match = /^#run=(\d+)$/.exec(location.hash);
    if (match) open(+match[1]);
    const task = /^#task-\d+$/.test(location.hash) && get(location.hash.slice(1));
    if (task) task.open = true;
  };
  window.addEventListener("hashchange", named);
  apply();
  named();
});
