package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func TestPageShowsASubmissionLive(t *testing.T) {
	s := startService(t, "")
	p := openPage(t, s.url, 1280, 900, "light")
	p.shows("#no-submissions", "There are none.")
	p.shows("#no-workers", "No worker")
	p.shows("#state", "live")

	s.advertise("worker-1", "worker-2")
	s.submit("main.py", "contest")
	p.shows("#submissions", "queued")
	p.shows("#lengths tr", "contest10python: 1")
	p.shows("#workers", "worker-2")
	assert.Equal(t, []string{"1", "0", "2", "2 of 8"}, eval[[]string](p, `[...document.querySelectorAll("#tiles b")].map((e) => e.textContent)`))
	j := s.take()
	p.shows("#submissions", "running")
	p.Shoot("running-light")

	p.Do(chromedp.Click("#submissions a"))
	p.shows("#submission-state", "It runs on test: 0 test cases so far.")
	j.run("1", judge.Accepted, "")
	p.shows("#tests", "accepted")
	p.shows("#submission-state", "1 test case so far.")
	j.run("2", judge.WrongAnswer, "line 1, column 1: expected \"4\", found \"3\"")
	p.shows("#tests", "wrong-answer")
	p.Shoot("submission-running-light")
	j.finish(judge.WrongAnswer, "2: line 1, column 1: expected \"4\", found \"3\"", 2)
	p.shows("#submission-chip", "wrong-answer")
	p.shows("#state", "ended")
	assert.Equal(t, 2, eval[int](p, `document.querySelectorAll("#tests tr").length`))
	p.Shoot("submission-light")

	p.Do(chromedp.Click("#submission-report"))
	inReport(p, `document.querySelector("#f-count")?.textContent === "1 submissions"`) // by its script
	p.Shoot("report-light")
	p.Do(chromedp.Click("#report-back"))
	p.shows("#submission-title", "main.py")
	p.Do(chromedp.Click("#submission nav a"))
	p.shows("#submissions", "wrong-answer")
	p.Quiet()
}

// inReport waits until an expression is true in the frame of a report, which the page itself cannot look into.
func inReport(p *browserPage, expression string) {
	p.T.Helper()
	p.becomes(`document.querySelector("iframe")`)
	assert.Equal(p.T, "null", eval[string](p, `String(document.querySelector("iframe").contentDocument)`), "the frame is of another origin")
	frames, err := chromedp.Run(p.Ctx, chromedp.Nodes(chromedp.CSS("iframe")))
	require.NoError(p.T, err)
	_, err = chromedp.Run(p.Ctx, chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingInFrame(frames[0]), chromedp.WithPollingTimeout(2*time.Minute)))
	require.NoError(p.T, err, expression)
}

func TestPageOfManySubmissions(t *testing.T) {
	s := startService(t, "")
	for i := range 60 {
		s.submit(fmt.Sprintf("solution-%02d.py", i), "")
	}
	p := openPage(t, s.url, 1280, 900, "dark")
	p.shows("#submissions", "solution-59.py")
	assert.Equal(t, 50, eval[int](p, `document.querySelectorAll("#submissions tr").length`))
	s.advertise("worker-1")
	p.shows("#workers", "worker-1")
	p.Shoot("dark")
	p.Do(chromedp.Click("#older"))
	p.shows("#submissions", "solution-00.py")
	assert.Equal(t, 10, eval[int](p, `document.querySelectorAll("#submissions tr").length`))
	p.Do(chromedp.Click("#newest"))
	p.shows("#submissions", "solution-59.py")

	t.Log("a reader's focus stays when something changes")
	p.Do(chromedp.Focus("#submissions tr:nth-child(3) a"))
	s.submit("newer.py", "")
	p.shows("#submissions tr", "newer.py")
	assert.Equal(t, "solution-57.py", eval[string](p, `document.activeElement.textContent`))

	t.Log("by keyboard")
	p.Do(chromedp.KeyEvent(kb.Enter))
	p.shows("#submission-title", "solution-57.py")
	p.Shoot("submission-dark")
	p.Quiet()
}

func TestPageWantsAToken(t *testing.T) {
	s := startService(t, siteToken)
	s.submit("secret.py", "")
	p := openPage(t, s.url, 390, 844, "dark")
	p.shows("#token", "A token is needed")
	p.Shoot("token-phone-dark")
	p.Do(chromedp.SendKeys("#token-text", "not-the-token-of-it"), chromedp.KeyEvent(kb.Enter))
	p.shows("#token-trouble", "this token is not known")
	p.Do(chromedp.SendKeys("#token-text", "töken of somebody"), chromedp.KeyEvent(kb.Enter))
	p.shows("#token-trouble", "no blanks")
	eval[string](p, `document.querySelector("#token-text").value = ""`)
	p.Do(chromedp.SendKeys("#token-text", siteToken), chromedp.KeyEvent(kb.Enter))
	p.shows("#submissions", "secret.py")
	p.Shoot("phone-dark")
	p.fits()
	assert.Equal(t, siteToken, eval[string](p, `sessionStorage.getItem("token")`))
	assert.NotContains(t, eval[string](p, `location.href`), siteToken)

	t.Log("a stream and a report carry it too")
	j := s.take()
	j.run("1", judge.Accepted, "")
	p.Do(chromedp.Click("#submissions a"))
	p.shows("#tests", "accepted")
	j.finish(judge.Accepted, "", 1)
	p.shows("#submission-chip", "accepted")
	p.Shoot("submission-phone-dark")
	p.fits()
	p.Do(chromedp.Click("#submission-report"))
	inReport(p, `document.body.innerText.includes("accepted")`)
	p.Shoot("report-phone-dark")
	p.fits()

	t.Log("after a reload it is still there, and then it is forgotten")
	p.Do(chromedp.Navigate(s.url), chromedp.WaitReady("main"))
	p.shows("#submissions", "secret.py")
	p.Do(chromedp.Click("#forget"))
	p.shows("#token", "A token is needed")
	assert.False(t, eval[bool](p, `document.querySelector("#overview").checkVisibility()`))
	assert.True(t, eval[bool](p, `sessionStorage.getItem("token") === null`))
}

func TestHostileTextStaysText(t *testing.T) {
	const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`
	s := startService(t, "")
	s.advertise("<b onmouseover=hacked=1>"+evil+"\u202e", "javascript:hacked=1")
	s.submit("evil<img src=x onerror=hacked=1>.py", "rejudge")
	p := openPage(t, s.url, 390, 844, "light")
	p.shows("#submissions", "evil<img")
	p.shows("#workers", `\u202e`)
	p.Shoot("hostile-phone-light")
	p.fits()
	p.Do(chromedp.Click("#submissions a"))
	j := s.take()
	j.run(evil+"\u202e\x1b[31m", judge.Verdict("v\" onload=\"hacked=1"), evil)
	p.shows("#tests", evil)
	p.shows("#tests", `\u202e\x1b[31m`)
	j.finish(judge.WrongAnswer, evil, 1)
	p.shows("#submission-message", evil)
	p.Shoot("hostile-submission-phone-light")
	p.fits()
	p.Do(chromedp.Click("#submission-report"))
	inReport(p, `document.body.innerText.includes("<script>window.hacked=1") && window.hacked === undefined`)
	p.Shoot("hostile-report-phone-light")

	t.Log("an address that somebody was made to follow")
	for _, address := range []string{"#/submissions/..%2f..%2fopenapi.json", "#/submissions/%3Cimg%20src=x%20onerror=hacked=1%3E", "#/before/%00", "#/%", "#javascript:hacked=1"} {
		p.Do(chromedp.Navigate(s.url + address))
		p.becomes(`document.querySelector("#trouble").checkVisibility() || document.querySelector("#overview").checkVisibility()`)
	}
	assert.True(t, eval[bool](p, `window.hacked === undefined`))
	assert.Equal(t, 0, eval[int](p, `document.querySelectorAll("img, main script, [onmouseover], [onerror], [onload]").length`))

	t.Log("and if it did become HTML, it would not run")
	assert.Equal(t, "TypeError", eval[string](p, `(() => { try { document.body.innerHTML = "<img src=x onerror='hacked=1'>"; return "" } catch (e) { return e.name } })()`))
	assert.True(t, eval[bool](p, `window.hacked === undefined`))
}

func TestPageSaysThatTheServiceIsGone(t *testing.T) {
	s := startService(t, "")
	s.advertise("worker-1")
	p := openPage(t, s.url, 1280, 900, "light")
	p.shows("#state", "live")
	eval[bool](p, `(() => { const real = fetch; window.gone = true; window.fetch = (...a) => (window.gone ? Promise.reject(new TypeError("gone")) : real(...a)); return true })()`)
	p.shows("#state", "no answer, tries again")
	assert.True(t, eval[bool](p, `document.querySelector("#workers").checkVisibility()`), "what was known stays")
	eval[bool](p, `(() => { window.gone = false; return true })()`)
	p.shows("#state", "live")
}
