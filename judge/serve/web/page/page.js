// Which view is shown, and the token.

const views = ["overview", "submission", "report"];
let running = new AbortController(); // ends what the view does that is shown

// route shows what the address names: #/, #/before/N, #/submissions/ID, or #/submissions/ID/report.
async function route() {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  for (const view of [...views, "token", "trouble"]) get(view).hidden = true;
  document.title = "judge";
  get("forget").hidden = !token.text;
  online("asks");
  const [kind, name, part] = location.hash.replace(/^#\/?/, "").split("/").map(decode);
  try {
    if (kind === "submissions" && name && part === "report") await report(name, signal);
    else if (kind === "submissions" && name) await submission(name, signal);
    else await overview(kind === "before" ? name : "", signal);
  } catch (error) {
    if (signal.aborted) return;
    if (error.status !== 401) throw error;
    askToken(error);
  }
}

function decode(text) { try { return decodeURIComponent(text); } catch { return text; } }

function askToken(error) {
  for (const view of views) get(view).hidden = true;
  show("token-trouble", token.text ? error.message : "");
  token.keep("");
  get("forget").hidden = true;
  get("token").hidden = false;
  get("token-text").value = "";
  get("token-text").focus();
  online("wants a token");
}

get("token").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = get("token-text").value.trim();
  if (!/^[\x21-\x7e]+$/.test(text)) { // what no header can have
    show("token-trouble", "A token has letters, digits and signs, and no blanks.");
    return;
  }
  token.keep(text);
  route();
});

get("forget").addEventListener("click", () => {
  token.keep("");
  route();
});

get("skip").addEventListener("click", (event) => { // #main would be another view
  event.preventDefault();
  get("main").focus();
});

addEventListener("hashchange", () => {
  get("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  route();
});

token.read();
route();
