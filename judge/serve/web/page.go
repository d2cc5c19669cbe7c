package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
	"time"

	"judge/judge/report/theme"
)

//go:embed page
var files embed.FS

// The parts of the page. The scripts are one when it is served, in this order.
var (
	style   = theme.Sheet(text("page.css"))
	scripts = text("api.js", "dom.js", "overview.js", "submission.js", "page.js")
	frame   = text("frame.js")
)

// Handler answers GET / and GET /page/report. It is safe for concurrent use.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", newDocument("page.html", scripts, strings.Join([]string{
		"default-src 'none'", "script-src " + sourceHash(scripts), "style-src " + sourceHash(style), "connect-src 'self'",
		"frame-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")))
	// The report that is written into the frame adds a policy with the hashes of its own script and style. Both hold.
	mux.Handle("GET /page/report", newDocument("frame.html", frame, strings.Join([]string{
		"sandbox allow-scripts allow-popups", "default-src 'none'", "script-src 'unsafe-inline'", "style-src 'unsafe-inline'",
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'",
	}, "; ")))
	return mux
}

// document is a page with its style and script in it.
type document struct {
	body         []byte
	tag, policy  string
	frameOptions string // for browsers that do not know frame-ancestors
}

func newDocument(name, script, policy string) *document {
	var b bytes.Buffer
	parts := map[string]any{"Style": template.CSS(style), "Script": template.JS(script)}
	if err := template.Must(template.ParseFS(files, "page/"+name)).Execute(&b, parts); err != nil {
		panic("bug: " + err.Error()) // it is a file of ours, and does not depend on anything
	}
	d := &document{body: b.Bytes(), tag: strings.ReplaceAll(sourceHash(b.String()), "'", `"`), policy: policy, frameOptions: "SAMEORIGIN"}
	if strings.Contains(policy, "frame-ancestors 'none'") {
		d.frameOptions = "DENY"
	}
	return d
}

func (d *document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", d.policy)
	h.Set("X-Frame-Options", d.frameOptions)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", d.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.body))
}

// text is the text of files, one after the other.
func text(names ...string) string {
	var all strings.Builder
	for _, name := range names {
		part, err := files.ReadFile("page/" + name)
		if err != nil {
			panic("bug: " + err.Error())
		}
		all.Write(part)
	}
	return all.String()
}

// sourceHash is how a Content-Security-Policy allows one inline script or style.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
