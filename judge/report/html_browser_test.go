package report

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/report/browsertest"
)

// browserPage is a report in a browser.
type browserPage struct{ *browsertest.Page }

// openReport shows the report of a batch in a browser window of a size in CSS pixels.
func openReport(t *testing.T, b *sampleBatch, width, height int64, scheme string) *browserPage {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.html")
	report, err := CreateHTML(name)
	require.NoError(t, err)
	b.writeTo(t, report)
	return &browserPage{browsertest.Open(t, "file://"+name, width, height, scheme)}
}

// eval is what an expression comes to.
func eval[T any](p *browserPage, expression string) T {
	p.T.Helper()
	return browsertest.Eval[T](p.Page, expression)
}

// becomes waits until an expression comes to a text.
func (p *browserPage) becomes(expression, want string) {
	p.T.Helper()
	err := p.Becomes(fmt.Sprintf("(%s) == %q", expression, want))
	assert.NoError(p.T, err, "%s: want %q, got %q", expression, want, eval[string](p, expression))
}

// script runs statements in the page.
func (p *browserPage) script(statements string) {
	p.T.Helper()
	eval[bool](p, "(() => { "+statements+"; return true })()")
}

const visibleCount = `(selector => [...document.querySelectorAll(selector)].filter(e => e.checkVisibility()).length)`

func TestReportInBrowser(t *testing.T) {
	p := openReport(t, newSampleBatch(2, 10, 8).interactive(), 1280, 900, "light")
	p.Shoot("light")
	p.script(`document.querySelector(".matrix").scrollIntoView({behavior: "instant"})`)
	p.Shoot("matrix")
	p.script(`document.querySelector(".plots").scrollIntoView({behavior: "instant"})`)
	p.Shoot("plots")

	rows := func() int { return eval[int](p, visibleCount+`(".submissions tbody tr")`) }
	choose := func(id, value string) {
		p.script(fmt.Sprintf(`const e = document.querySelector(%q); e.value = %q; e.dispatchEvent(new Event("change"))`, id, value))
	}
	assert.Equal(t, 21, rows(), "all")
	choose("#f-verdict", "time-limit")
	assert.Equal(t, 2, rows(), "with time-limit")
	assert.Equal(t, 2, eval[int](p, visibleCount+`(".matrix tbody tr")`), "rows of matrices")
	assert.Equal(t, 2, eval[int](p, `document.querySelectorAll(".runs tbody tr").length`), "runs")
	choose("#f-task", "1")
	assert.Equal(t, 1, rows(), "with time-limit, of one task")
	choose("#f-task", "")
	choose("#f-verdict", "")
	p.Do(chromedp.Click("#f-unexpected"))
	assert.Equal(t, 2, rows(), "unexpected")
	p.Do(chromedp.Click("#f-unexpected"), chromedp.KeyEvent("/"), chromedp.SendKeys("#f-text", "FLOOD task-2"))
	p.becomes(`document.querySelector("#f-count").textContent`, "1 of 21 submissions")
	p.Quiet()
}

func TestRunInBrowser(t *testing.T) {
	p := openReport(t, newSampleBatch(1, 10, 8).interactive(), 1280, 900, "dark")
	p.Shoot("dark")
	p.Do(chromedp.Click(".look button"))
	p.Shoot("run-dark")
	p.script(`document.querySelector("dialog").scrollTop = 1e6`)
	p.Shoot("run-end-dark")
	assert.Equal(t, []string{"17", "18"}, eval[[]string](p, `[...document.querySelectorAll("dialog mark")].map(e => e.textContent)`), "the difference")
	assert.Regexp(t, `^#run=\d+$`, eval[string](p, `location.hash`))
	title := eval[string](p, `document.querySelector("#run-title").textContent`)
	p.Do(chromedp.KeyEvent(kb.ArrowRight))
	assert.NotEqual(t, title, eval[string](p, `document.querySelector("#run-title").textContent`), "the next run")
	p.Do(chromedp.KeyEvent(kb.Escape))
	assert.False(t, eval[bool](p, `document.querySelector("dialog").open`))

	t.Log("the matrix by keyboard")
	focused := `document.activeElement.ariaLabel || document.activeElement.textContent`
	p.becomes(focused, "Evidence")
	p.Do(chromedp.Focus(".matrix td[tabindex]"), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowRight))
	p.becomes(focused, "wrong/off_by_one.py, 01-case: accepted")
	p.Do(chromedp.KeyEvent(kb.Enter))
	assert.Equal(t, "wrong/off_by_one.py – 01-case", eval[string](p, `document.querySelector("#run-title").textContent`))
	p.Do(chromedp.KeyEvent(kb.Escape))

	t.Log("a transcript")
	p.script(`[...document.querySelectorAll(".chip[data-r]")].at(-1).click()`)
	p.Shoot("transcript")
	assert.Equal(t, 10, eval[int](p, `document.querySelectorAll(".timeline li").length`))
	assert.Equal(t, 5, eval[int](p, `document.querySelectorAll(".timeline li.left").length`))
	p.Quiet()
}

func TestHostileTextDoesNotInject(t *testing.T) {
	p := openReport(t, newSampleBatch(1, 2, 2).hostile(), 390, 844, "light")
	p.script(`[...document.querySelectorAll(".chip[data-r]")].at(-1).click()`)
	p.Shoot("hostile")
	assert.True(t, eval[bool](p, `window.hacked === undefined`))
	assert.Equal(t, 0, eval[int](p, `document.querySelectorAll("img, iframe, [onmouseover], [onerror]").length`))
	text := eval[string](p, `document.querySelector("dialog").textContent`)
	assert.Contains(t, text, `<script>window.hacked=1</script>`, "is shown as it is")
	assert.Contains(t, text, `\u202e`, "is shown as an escape")
	assert.False(t, strings.ContainsAny(eval[string](p, `document.documentElement.textContent`), "\u202e\x1b\x00"))
	p.Quiet()
}

func TestReportOnAPhone(t *testing.T) {
	p := openReport(t, newSampleBatch(1, 10, 8), 390, 844, "light")
	p.Shoot("phone")
	p.script(`document.querySelector(".task").scrollIntoView({behavior: "instant"})`)
	p.Shoot("phone-task")
	assert.LessOrEqual(t, eval[int](p, `document.documentElement.scrollWidth`), 390, "the page is not wider than the screen")
	p.script(`document.querySelector(".look button").click()`)
	p.Shoot("phone-run")
	p.Quiet()
}

func TestManyRunsInBrowser(t *testing.T) {
	for _, row := range []struct {
		name                      string
		tasks, submissions, tests int
	}{
		{"2000", 2, 40, 40},
		{"50000", 10, 160, 50},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newSampleBatch(row.tasks, row.submissions, row.tests)
			p := openReport(t, b, 1280, 900, "light")
			p.Shoot("many-" + row.name)
			p.script(`document.querySelector("#tasks").scrollIntoView({behavior: "instant"})`)
			p.Shoot("many-tasks-" + row.name)
			// Sizes stand in for speed: what a page of any batch has at once is bounded.
			assert.Less(t, eval[int](p, `document.querySelectorAll("*").length`), 80_000)
			t.Log("elements", eval[int](p, `document.querySelectorAll("*").length`),
				"ms to filter", eval[float64](p, `(t => { document.querySelector("#f-unexpected").click(); document.body.offsetHeight; return performance.now() - t })(performance.now())`),
				"ms to open a run", eval[float64](p, `(t => { document.querySelector(".runs tbody tr").click(); document.body.offsetHeight; return performance.now() - t })(performance.now())`),
				"ms until it was there", eval[float64](p, `performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`))
			p.Quiet()
		})
	}
}
