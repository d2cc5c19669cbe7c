package web_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/report/browsertest"
)

// browserPage is the page of a service in a browser.
type browserPage struct{ *browsertest.Page }

// openPage shows an address in a browser window of a size in CSS pixels.
func openPage(t *testing.T, url string, width, height int64, scheme string) *browserPage {
	t.Helper()
	return &browserPage{browsertest.Open(t, url, width, height, scheme)}
}

// eval is what an expression comes to.
func eval[T any](p *browserPage, expression string) T {
	p.T.Helper()
	return browsertest.Eval[T](p.Page, expression)
}

// becomes waits until an expression is true.
func (p *browserPage) becomes(expression string) {
	p.T.Helper()
	err := p.Becomes(expression)
	require.NoError(p.T, err, "%s\n%s", expression, eval[string](p, `document.body.innerText`))
}

// shows waits until an element has a text.
func (p *browserPage) shows(selector, text string) {
	p.T.Helper()
	p.becomes(fmt.Sprintf(`document.querySelector(%q)?.checkVisibility() && document.querySelector(%[1]q).textContent.includes(%q)`, selector, text))
}

// fits wants that nothing is wider than the window.
func (p *browserPage) fits() {
	p.T.Helper()
	assert.LessOrEqual(p.T, eval[int](p, `document.documentElement.scrollWidth - innerWidth`), 0, "the page is not wider than the window")
}
