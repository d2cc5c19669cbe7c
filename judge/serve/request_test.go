package serve

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOddJSONIsRefused(t *testing.T) {
	a := newAPI(t, nil)
	const deep = 1 << 20
	for name, text := range map[string]string{
		"nothing":                    "",
		"not JSON":                   "{",
		"two values":                 "{} {}",
		"an array":                   "[]",
		"a string":                   `"x"`,
		"an unknown field":           `{"files": {}, "x": 1}`,
		"a field in capitals":        `{"Files": {}}`,
		"a field twice":              `{"files": {}, "files": {}}`,
		"a file twice":               `{"files": {"a": "1", "a": "2"}}`,
		"a file twice, once escaped": `{"files": {"a": "1", "\u0061": "2"}}`,
		"invalid UTF-8":              "{\"files\": {\"a\": \"\xff\"}}",
		"invalid UTF-8 in a name":    "{\"files\": {\"\xff\": \"\"}}",
		"half a character":           `{"files": {"a": "\ud800"}}`,
		"a number for a file":        `{"files": {"a": 1}}`,
		"null for a file":            `{"files": {"a": null}}`,
		"a file in two ways":         `{"files": {"a": {"text": "", "base64": ""}}}`,
		"a file in no way":           `{"files": {"a": {}}}`,
		"base64 that is none":        `{"files": {"a": {"base64": "*"}}}`,
		"a hash that is none":        `{"files": {"a": {"sha256": "abc"}}}`,
		"deep arrays":                strings.Repeat("[", deep),
		"deep arrays in a field":     `{"files": ` + strings.Repeat("[", deep),
		"deep objects":               strings.Repeat(`{"files":`, deep),
		"deep files":                 `{"files": {"a": ` + strings.Repeat(`{"text":`, deep),
		"a long number":              `{"files": ` + strings.Repeat("9", deep) + `}`,
		"a long name of a field":     `{"` + strings.Repeat("x", deep) + `": 1}`,
		"a byte order mark":          "\xef\xbb\xbf{}",
		"UTF-16":                     "{\x00}\x00",
	} {
		refusal(t, a.do(http.MethodPost, "/v1/tasks", text, "Content-Type", "application/json"), badRequest)
		refusal(t, a.do(http.MethodPost, "/v1/submissions", text, "Content-Type", "application/json"), badRequest)
		_ = name
	}
	for _, text := range []string{`null`, `{}`, `{"files": {}}`, `{"files": null}`} {
		refusal(t, a.do(http.MethodPost, "/v1/tasks", text, "Content-Type", "application/json"), invalid)
	}
	assert.Zero(t, a.service.memory.used.Load())
}

func TestMethodsThatAreNotKnown(t *testing.T) {
	a := newAPI(t, nil)
	for _, test := range []struct{ method, path, allow string }{
		{"PUT", "/v1/files", "POST"}, {"OPTIONS", "/v1/submissions", "GET, HEAD, POST"}, {"PATCH", "/v1/submissions/x", "DELETE, GET, HEAD"},
		{"DELETE", "/healthz", "GET, HEAD"}, {"TRACE", "/v1/queue", "GET, HEAD"}, {"JUDGE", "/v1/tasks", "POST"}, {"HEAD", "/v1/tasks", "POST"},
	} {
		answer := a.do(test.method, test.path, "")
		assert.Equal(t, http.StatusMethodNotAllowed, answer.status, test)
		assert.Equal(t, test.allow, answer.header.Get("Allow"), test)
		assert.Empty(t, answer.header.Get("Access-Control-Allow-Methods"))
	}
	for _, path := range []string{"/", "/v2", "/v1", "/v1/", "/favicon.ico", "/v1/queue/x"} {
		assert.Equal(t, http.StatusNotFound, a.get(path).status, path)
	}
	assert.Equal(t, http.StatusOK, a.do(http.MethodHead, "/healthz", "").status)
}

func TestHeadersCannotBeInjected(t *testing.T) {
	a := newAPI(t, nil)
	for _, id := range []string{"a\r\nX-Evil: 1", "a\nX-Evil: 1", `a"; filename="x`} {
		answer := a.get("/v1/submissions/" + url.PathEscape(id) + "/records")
		refusal(t, answer, notFound)
		assert.Empty(t, answer.header.Get("X-Evil"))
	}
	made := a.submit(sumSubmission())
	refusal(t, a.get(made.Links.Events, "Last-Event-ID", "1; x"), badRequest)
	refusal(t, a.get(made.Links.Events, "Last-Event-ID", "-1"), badRequest)
	assert.NotContains(t, a.log.String(), "\nX-Evil")
}

func TestLogsHaveNoSecrets(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	made := a.submit(sumSubmission(), bearer(tokenA)...)
	a.get(made.Links.Self+"?wait=1ms&secret=in-the-query", bearer(tokenA)...)
	a.get("/v1/queue", bearer("not-a-token-but-nearly")...)
	a.stop()
	log := a.log.String()
	assert.Contains(t, log, "path="+made.Links.Self)
	assert.Contains(t, log, "owner=a")
	for _, secret := range []string{tokenA, "nearly", "in-the-query", "print(sum", "Bearer"} {
		assert.NotContains(t, log, secret)
	}
}
