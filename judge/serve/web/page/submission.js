// One submission: what is known of it, its test cases as they come, and its report.

const mostTests = 1000; // rows; the report has all

async function submission(id, signal) {
  rows(get("tests"), []);
  get("submission").hidden = false;
  let s = { id };
  const tests = testList(), tell = () => showSubmission(s, tests);
  try {
    s = await askJSON(submissionPath(id), signal);
    tell();
    if (!isFinal(s)) {
      for await (const event of eventsOf(id, signal, () => online("no answer, tries again", true))) {
        online("live");
        if (event.kind === "record") tests.add(event.data);
        if (event.kind === "attempt") attempt(s, event.data, tests);
        if (event.kind === "result") s = event.data;
        tell();
      }
      if (!isFinal(s)) s = await askJSON(submissionPath(id), signal);
    }
    online("ended");
    if (s.links?.records) await allRecords(s, tests, signal);
    tell();
  } catch (error) {
    if (signal.aborted || error.status === 401) throw error;
    online("no answer", true);
    show("trouble", error.status === 404 ? "There is no such submission, or it is not yours to see." : error.message);
  }
}

const isFinal = (s) => ["done", "cancelled", "dead"].includes(s.state);

// attempt notes that a worker has begun, or has given the submission back. What came of an earlier attempt counts no more.
function attempt(s, a, tests) {
  s.worker = a.worker;
  s.started = a.started;
  s.state = a.released ? "queued" : "running";
  if (s.attempt !== a.number) tests.clear();
  s.attempt = a.number;
  s.attempts = Math.max(s.attempts || 0, a.number);
}

// allRecords shows the records as they were stored, instead of those that came.
async function allRecords(s, tests, signal) {
  const stored = testList();
  for await (const line of linesOf(await ask(s.links.records.slice(1), signal))) {
    if (line) stored.add(JSON.parse(line));
    if (stored.count > mostTests) break;
  }
  tests.replace(stored, Math.max(stored.count, s.runs || 0));
}

// testList are the rows of test cases, as many as are shown.
function testList() {
  return {
    list: [], count: 0,
    clear() { this.list = []; this.count = 0; },
    replace(other, count) { this.list = other.list; this.count = count; },
    add(record) {
      if (record.kind !== "run" && record.kind !== "compile") return;
      if (record.kind === "run") this.count++;
      if (this.list.length < mostTests) this.list.push(record);
    },
  };
}

function showSubmission(s, tests) {
  const title = s.name || s.id;
  get("submission-title").textContent = visible(title);
  document.title = visible(title) + " – judge";
  get("submission-chip").replaceChildren(chip(s.verdict, s.verdict === "judge-error" ? "" : s.reason, s.state));
  show("submission-message", s.message || (s.verdict === "judge-error" ? s.reason : ""));
  show("submission-state", stateText(s, tests));
  get("submission-report").hidden = !s.links?.report;
  get("submission-report").href = submissionRoute(s.id) + "/report";
  facts(get("submission-facts"), [
    ["Id", s.id], ["Task", taskName(s)], ["Language", s.language], ["Deciding test", s.test],
    ["Score", typeof s.score === "number" ? s.score + (typeof s.max_score === "number" ? " of " + s.max_score : "") : ""],
    ["CPU", duration(s.cpu_ms)], ["Memory", size(s.memory_bytes)],
    ["Priority", s.priority], ["Owner", s.owner], ["Worker", s.worker], ["Attempts", s.attempts > 1 ? s.attempts : ""],
    ["Submitted", time(s.submitted)], ["Waited", between(s.submitted, s.started)], ["Judged in", between(s.started, s.finished)],
  ]);
  rows(get("tests"), tests.list.map((r, i) => [String(i), [
    element("th", { scope: "row" }, r.kind === "compile" ? "compilation" : r.test || ""), cell(chip(r.verdict || (r.kind === "compile" ? "accepted" : ""), r.reason)),
    num(duration(r.cpu_ms)), wideNum(duration(r.wall_ms)), wideNum(size(r.memory_bytes)), element("td", { class: "message" }, r.message || ""),
  ]]));
  const shown = tests.list.filter((r) => r.kind === "run").length;
  show("tests-more", tests.count > shown ? tests.count - shown + " more are in the report." : "");
}

function stateText(s, tests) {
  switch (s.state) {
    case "queued": return "It waits for a worker.";
    case "running": return "It runs on " + s.worker + ": " + tests.count + (tests.count === 1 ? " test case" : " test cases") + " so far.";
    case "cancelled": return "It was cancelled.";
    case "dead": return "It was given up after " + s.attempts + (s.attempts === 1 ? " attempt." : " attempts.");
  }
  return "";
}

// report shows a submission's report in a frame of no origin.
async function report(id, signal) {
  get("report-back").href = submissionRoute(id);
  get("report").hidden = false;
  const frame = element("iframe", { title: "Report", src: "page/report", sandbox: "allow-scripts allow-popups" });
  const loaded = new Promise((resolve) => { frame.addEventListener("load", resolve, { once: true }); });
  get("report-place").replaceChildren(frame);
  signal.addEventListener("abort", () => frame.remove(), { once: true });
  try {
    const [text] = await Promise.all([ask(submissionPath(id) + "/report", signal).then((response) => response.text()), loaded]);
    frame.contentWindow.postMessage(text, "*"); // it has no origin that could be named; where it may go, our policy says
    online("ended");
  } catch (error) {
    if (signal.aborted || error.status === 401) throw error;
    online("no answer", true);
    show("trouble", error.message);
  }
}
