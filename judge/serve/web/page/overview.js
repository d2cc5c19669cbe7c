// The queue, the workers, and a page of submissions.

const everyPriority = ["contest", "normal", "rejudge"];
const refresh = 2000; // milliseconds from one look to the next, at least

// overview shows how things are, again and again; before says which page of submissions, "": the newest.
async function overview(before, signal) {
  for (let failures = 0; !signal.aborted;) {
    const began = performance.now();
    let wait = refresh;
    try {
      const page = "v1/submissions?limit=50" + (before ? "&before=" + encodeURIComponent(before) : "");
      const [queue, workers, list] = await Promise.all([askJSON("v1/queue", signal), askJSON("v1/workers", signal), askJSON(page, signal)]);
      showQueue(queue, workers.workers);
      showWorkers(workers.workers);
      showSubmissions(list, before);
      get("overview").hidden = false;
      failures = 0;
      online("live");
      wait = Math.max(refresh, 4 * (performance.now() - began)); // a service that is slow is not asked as often
    } catch (error) {
      if (signal.aborted || error.status === 401) throw error;
      failures++;
      online("no answer, tries again", true);
      show("trouble", get("overview").hidden ? error.message : "");
      wait = Math.max(error.after || 0, backOff(refresh, failures));
    }
    await pause(wait, signal);
  }
}

function tile(value, name) { return element("div", { class: "tile" }, element("b", {}, value), element("span", {}, name)); }

function showQueue(queue, workers) {
  const sum = (key) => workers.reduce((n, w) => n + (w[key] || 0), 0);
  const tiles = [
    tile(queue.waiting, "waiting"), tile(queue.running, "running"), tile(workers.length, workers.length === 1 ? "worker" : "workers"),
    tile(sum("busy") + " of " + sum("jobs"), "places busy"),
  ];
  get("tiles").replaceChildren(...tiles);
  document.title = (queue.waiting ? queue.waiting + " waiting – " : "") + "judge";
  show("stuck", queue.stuck.length ? "Submissions wait for what no worker has: " + queue.stuck.join(", ") : "");
  rows(get("lengths"), everyPriority.map((priority) => {
    const own = queue.lengths.filter((l) => l.priority === priority), total = (key) => own.reduce((n, l) => n + l[key], 0);
    const needs = own.filter((l) => l.waiting).map((l) => (l.needs.length ? l.needs.join(" and ") : "no language") + ": " + l.waiting);
    return [priority, [cell(priority), num(total("waiting")), num(total("running")), cell(needs.join(", "))]];
  }));
}

function showWorkers(workers) {
  get("no-workers").hidden = workers.length > 0;
  get("workers-table").hidden = workers.length === 0;
  rows(get("workers"), workers.map((w) => [w.name, [
    element("th", { scope: "row" }, w.name), num(w.busy), num(w.jobs), num(w.speed ? w.speed.toFixed(2) : "–"),
    wideNum(Math.round(100 * (w.pressure || 0)) + " %"), wide(time(w.since)), wide(w.version || ""), languages(w.languages),
  ]]));
}

function languages(of) {
  const names = Object.keys(of || {}).sort();
  return element("td", { class: "languages" }, ...names.flatMap((name) => [element("span", { title: visible(of[name]) }, name), " "]));
}

function showSubmissions(list, before) {
  get("no-submissions").hidden = list.submissions.length > 0;
  get("submissions-table").hidden = list.submissions.length === 0;
  rows(get("submissions"), list.submissions.map((s) => [s.id, [
    element("th", { scope: "row" }, element("a", { href: submissionRoute(s.id) }, s.name || s.id)),
    cell(chip(s.verdict, s.reason, s.state)), cell(taskName(s)), wide(s.language || ""), wide(s.priority), wide(s.owner || ""),
    wideNum(duration(s.cpu_ms)), wideNum(size(s.memory_bytes)), cell(time(s.submitted)),
  ]]));
  get("newest").hidden = !before;
  get("older").hidden = !list.next;
  if (list.next) get("older").href = "#/before/" + encodeURIComponent(list.next);
}

function taskName(s) { return s.task_name || (s.kind === "command" ? "command" : (s.task || "").slice(0, 12)); }
function submissionRoute(id) { return "#/submissions/" + encodeURIComponent(id); }
