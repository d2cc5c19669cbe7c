package serve

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPagesOfOtherSitesAreKeptOut(t *testing.T) {
	a := newAPI(t, nil)
	text, err := json.Marshal(sumSubmission())
	require.NoError(t, err)
	post := func(headers ...string) answered {
		return a.do(http.MethodPost, "/v1/submissions", string(text), append([]string{"Content-Type", "application/json"}, headers...)...)
	}
	own := a.url
	for _, headers := range [][]string{
		{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "http://localhost:1"}, {"Origin", strings.Replace(own, "http:", "http:x", 1)},
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "cross-site", "Origin", own},
	} {
		refusal(t, post(headers...), crossSite)
	}
	refusal(t, a.do(http.MethodDelete, "/v1/submissions/x", "", "Origin", "https://evil.example"), crossSite)
	refusal(t, a.do(http.MethodPost, "/v1/files", "x", "Origin", "https://evil.example"), crossSite)
	assert.Equal(t, http.StatusAccepted, post().status)
	assert.Equal(t, http.StatusAccepted, post("Origin", own).status)
	assert.Equal(t, http.StatusAccepted, post("Origin", own, "Sec-Fetch-Site", "same-origin").status)

	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "a/b, application/json"} {
		refusal(t, a.do(http.MethodPost, "/v1/submissions", string(text), "Content-Type", kind), mediaType)
	}
	assert.Equal(t, http.StatusAccepted, a.do(http.MethodPost, "/v1/submissions", string(text), "Content-Type", "Application/JSON; charset=utf-8").status)

	for _, host := range []string{"evil.example", "evil.example:8077", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "0.0.0.0", "localhost@evil.example"} {
		answer := a.get("/v1/queue", "Host", host)
		refusal(t, answer, wrongHost)
	}
	for _, host := range []string{"localhost", "LOCALHOST:80", "127.0.0.1", "127.8.8.8:1", "[::1]:8077", "[::1]"} {
		assert.Equal(t, http.StatusOK, a.get("/v1/queue", "Host", host).status, host)
	}
}
