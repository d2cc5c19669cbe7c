package report

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
)

// browserPage is a report in a browser.
type browserPage struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string // of the console, and exceptions
}

// findBrowser is a Chromium without a window.
func findBrowser(t *testing.T) string {
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	testenv.Skip(t, errors.New("no Chromium: install chromium-headless-shell"))
	return ""
}

// openReport shows the report of a batch in a browser window of a size in CSS pixels.
func openReport(t *testing.T, b *sampleBatch, width, height int64, scheme string) *browserPage {
	t.Helper()
	browser := findBrowser(t)
	name := filepath.Join(t.TempDir(), "report.html")
	report, err := CreateHTML(name)
	require.NoError(t, err)
	b.writeTo(t, report)

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancelBrowser := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancelBrowser)
	ctx, cancelTab := chromedp.NewContext(ctx)
	t.Cleanup(cancelTab)
	p := &browserPage{t: t, ctx: ctx}
	p.listen()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	require.NoError(t, err)
	p.do(chromedp.EmulateViewport(width, height), chromedp.Navigate("file://"+name), chromedp.WaitReady("main"))
	return p
}

// listen keeps what the console says, until the tab is closed.
func (p *browserPage) listen() {
	messages := chromedp.Console(p.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			p.mu.Lock()
			p.complaints = append(p.complaints, m.String())
			p.mu.Unlock()
		}
	}()
}

func (p *browserPage) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, actions...))
}

// eval is what an expression comes to.
func eval[T any](p *browserPage, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	require.NoError(p.t, err, expression)
	return value
}

// becomes waits until an expression comes to a text.
func (p *browserPage) becomes(expression, want string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](fmt.Sprintf("(%s) == %q", expression, want), chromedp.WithPollingTimeout(10*time.Second)))
	assert.NoError(p.t, err, "%s: want %q, got %q", expression, want, eval[string](p, expression))
}

// script runs statements in the page.
func (p *browserPage) script(statements string) {
	p.t.Helper()
	eval[bool](p, "(() => { "+statements+"; return true })()")
}

// quiet wants that the console has no complaint.
func (p *browserPage) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	assert.Empty(p.t, p.complaints, "console")
}

// shoot saves a picture in the directory that JUDGE_TEST_SCREENSHOTS names, for people to look at.
func (p *browserPage) shoot(name string) {
	dir := os.Getenv("JUDGE_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	require.NoError(p.t, err)
	require.NoError(p.t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}

const visibleCount = `(selector => [...document.querySelectorAll(selector)].filter(e => e.checkVisibility()).length)`

func TestReportInBrowser(t *testing.T) {
	p := openReport(t, newSampleBatch(2, 10, 8).interactive(), 1280, 900, "light")
	p.shoot("light")
	p.script(`document.querySelector(".matrix").scrollIntoView({behavior: "instant"})`)
	p.shoot("matrix")
	p.script(`document.querySelector(".plots").scrollIntoView({behavior: "instant"})`)
	p.shoot("plots")

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
	p.do(chromedp.Click("#f-unexpected"))
	assert.Equal(t, 2, rows(), "unexpected")
	p.do(chromedp.Click("#f-unexpected"), chromedp.KeyEvent("/"), chromedp.SendKeys("#f-text", "FLOOD task-2"))
	p.becomes(`document.querySelector("#f-count").textContent`, "1 of 21 submissions")
	p.quiet()
}

func TestRunInBrowser(t *testing.T) {
	p := openReport(t, newSampleBatch(1, 10, 8).interactive(), 1280, 900, "dark")
	p.shoot("dark")
	p.do(chromedp.Click(".look button"))
	p.shoot("run-dark")
	p.script(`document.querySelector("dialog").scrollTop = 1e6`)
	p.shoot("run-end-dark")
	assert.Equal(t, []string{"17", "18"}, eval[[]string](p, `[...document.querySelectorAll("dialog mark")].map(e => e.textContent)`), "the difference")
	assert.Regexp(t, `^#run=\d+$`, eval[string](p, `location.hash`))
	title := eval[string](p, `document.querySelector("#run-title").textContent`)
	p.do(chromedp.KeyEvent(kb.ArrowRight))
	assert.NotEqual(t, title, eval[string](p, `document.querySelector("#run-title").textContent`), "the next run")
	p.do(chromedp.KeyEvent(kb.Escape))
	assert.False(t, eval[bool](p, `document.querySelector("dialog").open`))

	t.Log("the matrix by keyboard")
	focused := `document.activeElement.ariaLabel || document.activeElement.textContent`
	p.becomes(focused, "Evidence")
	p.do(chromedp.Focus(".matrix td[tabindex]"), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowRight))
	p.becomes(focused, "wrong/off_by_one.py, 01-case: accepted")
	p.do(chromedp.KeyEvent(kb.Enter))
	assert.Equal(t, "wrong/off_by_one.py – 01-case", eval[string](p, `document.querySelector("#run-title").textContent`))
	p.do(chromedp.KeyEvent(kb.Escape))

	t.Log("a transcript")
	p.script(`[...document.querySelectorAll(".chip[data-r]")].at(-1).click()`)
	p.shoot("transcript")
	assert.Equal(t, 10, eval[int](p, `document.querySelectorAll(".timeline li").length`))
	assert.Equal(t, 5, eval[int](p, `document.querySelectorAll(".timeline li.left").length`))
	p.quiet()
}

func TestHostileTextDoesNotInject(t *testing.T) {
	p := openReport(t, newSampleBatch(1, 2, 2).hostile(), 390, 844, "light")
	p.script(`[...document.querySelectorAll(".chip[data-r]")].at(-1).click()`)
	p.shoot("hostile")
	assert.True(t, eval[bool](p, `window.hacked === undefined`))
	assert.Equal(t, 0, eval[int](p, `document.querySelectorAll("img, iframe, [onmouseover], [onerror]").length`))
	text := eval[string](p, `document.querySelector("dialog").textContent`)
	assert.Contains(t, text, `<script>window.hacked=1</script>`, "is shown as it is")
	assert.Contains(t, text, `\u202e`, "is shown as an escape")
	assert.False(t, strings.ContainsAny(eval[string](p, `document.documentElement.textContent`), "\u202e\x1b\x00"))
	p.quiet()
}

func TestReportOnAPhone(t *testing.T) {
	p := openReport(t, newSampleBatch(1, 10, 8), 390, 844, "light")
	p.shoot("phone")
	p.script(`document.querySelector(".task").scrollIntoView({behavior: "instant"})`)
	p.shoot("phone-task")
	assert.LessOrEqual(t, eval[int](p, `document.documentElement.scrollWidth`), 390, "the page is not wider than the screen")
	p.script(`document.querySelector(".look button").click()`)
	p.shoot("phone-run")
	p.quiet()
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
			p.shoot("many-" + row.name)
			p.script(`document.querySelector("#tasks").scrollIntoView({behavior: "instant"})`)
			p.shoot("many-tasks-" + row.name)
			// Sizes stand in for speed: what a page of any batch has at once is bounded.
			assert.Less(t, eval[int](p, `document.querySelectorAll("*").length`), 80_000)
			t.Log("elements", eval[int](p, `document.querySelectorAll("*").length`),
				"ms to filter", eval[float64](p, `(t => { document.querySelector("#f-unexpected").click(); document.body.offsetHeight; return performance.now() - t })(performance.now())`),
				"ms to open a run", eval[float64](p, `(t => { document.querySelector(".runs tbody tr").click(); document.body.offsetHeight; return performance.now() - t })(performance.now())`),
				"ms until it was there", eval[float64](p, `performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`))
			p.quiet()
		})
	}
}
