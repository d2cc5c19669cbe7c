package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func get(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w
}

func TestPageRefersToNothingOutside(t *testing.T) {
	outside := regexp.MustCompile(`(?i)(src|href|action)\s*=\s*"?(https?:)?//|url\(|@import|\bimport\b.*\bfrom\b`)
	handlers := regexp.MustCompile(`(?i)<[^>]*\s(on[a-z]+|style)\s*=`)
	for _, path := range []string{"/", "/page/report"} {
		page := get(path)
		assert.Equal(t, http.StatusOK, page.Code, path)
		assert.Empty(t, outside.FindString(page.Body.String()), path)
		assert.Empty(t, handlers.FindString(page.Body.String()), path)
		assert.NotContains(t, page.Body.String(), "ZgotmplZ", path)
	}
	assert.Equal(t, http.StatusNotFound, get("/page/other").Code)
}

func TestPagePolicyIsStrict(t *testing.T) {
	policy := get("/").Header().Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"} {
		assert.Contains(t, strings.Split(policy, "; "), part)
	}
	assert.NotContains(t, policy, "unsafe")
	assert.Equal(t, "DENY", get("/").Header().Get("X-Frame-Options"))

	frame := get("/page/report").Header()
	assert.True(t, strings.HasPrefix(frame.Get("Content-Security-Policy"), "sandbox allow-scripts allow-popups; default-src 'none'; "))
	assert.NotContains(t, frame.Get("Content-Security-Policy"), "allow-same-origin")
	assert.Equal(t, "SAMEORIGIN", frame.Get("X-Frame-Options"))
}

func TestPageMakesNoHTMLOfText(t *testing.T) {
	assert.Empty(t, regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|setTimeout\("`).FindString(scripts))
}

func TestPageIsNotSentTwice(t *testing.T) {
	tag := get("/").Header().Get("ETag")
	assert.Regexp(t, `^"[^"]+"$`, tag)
	assert.Equal(t, http.StatusNotModified, get("/", "If-None-Match", tag).Code)
}
