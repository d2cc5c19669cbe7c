// Package browsertest opens pages of ours in a Chromium without a window, for tests.
package browsertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
)

// Page is a tab of a browser. What it cannot do ends the test.
type Page struct {
	T   *testing.T
	Ctx context.Context // of chromedp; ends with the test

	mu         sync.Mutex
	complaints []string // of the console, and exceptions
}

// patience bounds what is done with one page; it is no measure of speed.
const patience = 4 * time.Minute

// find is where there is a Chromium. A host without one skips the test, or fails it where nothing may be skipped.
func find(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	testenv.Skip(t, errors.New("no Chromium: install chromium-headless-shell"))
	return ""
}

// Open shows an address in a window of a size in CSS pixels, with a color scheme: light or dark. The page has a <main>.
func Open(t *testing.T, url string, width, height int64, scheme string) *Page {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(find(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ctx, cancelBrowser := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancelBrowser)
	ctx, cancelTab := chromedp.NewContext(ctx)
	t.Cleanup(cancelTab)
	p := &Page{T: t, Ctx: ctx}
	p.listen()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	require.NoError(t, err)
	p.Do(chromedp.EmulateViewport(width, height), chromedp.Navigate(url), chromedp.WaitReady("main"))
	return p
}

// listen keeps what the console says, until the tab is closed.
func (p *Page) listen() {
	messages := chromedp.Console(p.Ctx)
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

// Do does what a reader would.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.T.Helper()
	require.NoError(p.T, chromedp.Do(p.Ctx, actions...))
}

// Eval is what an expression comes to.
func Eval[T any](p *Page, expression string) T {
	p.T.Helper()
	value, err := chromedp.Run(p.Ctx, chromedp.Evaluate[T](expression))
	require.NoError(p.T, err, expression)
	return value
}

// Becomes waits until an expression is true. After a while it is an error.
func (p *Page) Becomes(expression string) error {
	_, err := chromedp.Run(p.Ctx, chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingTimeout(patience/2)))
	return err
}

// Quiet wants that the console has no complaint.
func (p *Page) Quiet() {
	p.T.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	assert.Empty(p.T, p.complaints, "console")
}

// Shoot saves a picture in the directory that JUDGE_TEST_SCREENSHOTS names, for people to look at.
func (p *Page) Shoot(name string) {
	p.T.Helper()
	dir := os.Getenv("JUDGE_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(p.Ctx, chromedp.CaptureScreenshot())
	require.NoError(p.T, err)
	require.NoError(p.T, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}
