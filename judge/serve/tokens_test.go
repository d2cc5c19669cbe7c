package serve

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/queue"
)

const (
	tokenA     = "aaaaaaaaaaaaaaaaaaaaaaaa"
	tokenB     = "bbbbbbbbbbbbbbbbbbbbbbbb"
	tokenAdmin = "cccccccccccccccccccccccc"
)

func tokensOf(t *testing.T, text string) *Tokens {
	t.Helper()
	tokens, err := parseTokens("tokens", []byte(text))
	require.NoError(t, err)
	return tokens
}

// threeTokens are those of two clients and an administrator.
func threeTokens(t *testing.T) *Tokens {
	return tokensOf(t, "a "+tokenA+"\nb "+tokenB+"\nroot "+tokenAdmin+" admin\n")
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func TestTokenFileIsRead(t *testing.T) {
	hash := content{data: []byte(tokenB)}.sha256()
	name := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(name, []byte("# who may\n\n  site\t"+tokenA+" priority=normal rate=0.5 concurrent=2 streams=3 open=4 bytes=1MiB\r\nroot sha256:"+hash+" admin"), 0o600))
	tokens, err := ReadTokens(name)
	require.NoError(t, err)
	site, ok := tokens.find(tokenA)
	require.True(t, ok)
	assert.Equal(t, "site", site.Name)
	assert.False(t, site.Admin)
	assert.Equal(t, queue.Normal, site.Priority)
	assert.Equal(t, Limits{Rate: 0.5, Concurrent: 2, Streams: 3, Open: 4, Bytes: 1 << 20}, site.Limits)
	root, ok := tokens.find(tokenB)
	require.True(t, ok)
	assert.True(t, root.Admin)
	assert.Empty(t, root.Priority)
	assert.Equal(t, DefaultLimits, root.Limits)
	for _, wrong := range []string{"", "x", tokenA + "x", tokenA[1:], strings.ToUpper(tokenA), "sha256:" + hash, hash} {
		_, ok := tokens.find(wrong)
		assert.False(t, ok, wrong)
	}
}

func TestMistakesOfTokenFilesDoNotShowTokens(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "tokens: there is no token in it",
		"# nothing":                             "tokens: there is no token in it",
		"site":                                  "tokens:1: token of site is missing",
		"site short":                            "tokens:1: token of site: is shorter than 16 characters",
		"\nsi/te " + tokenA:                     "tokens:2: name: want",
		"site sha256:12":                        "tokens:1: token of site: want sha256: and 64 hexadecimal digits",
		"a " + tokenA + "\na " + tokenB:         "tokens:2: the name a is there already",
		"a " + tokenA + "\nb " + tokenA:         "tokens:2: token of b: is that of a as well",
		"a " + tokenA + " " + tokenB:            "tokens:1: a: after the token: want admin",
		"a " + tokenA + " rate=0":               "tokens:1: a: rate: want",
		"a " + tokenA + " rate=NaN":             "tokens:1: a: rate: want",
		"a " + tokenA + " concurrent=-1":        "tokens:1: a: concurrent: want",
		"a " + tokenA + " bytes=much":           "tokens:1: a: bytes: want",
		"a " + tokenA + " open=":                "tokens:1: a: open: want",
		"a " + tokenA + " priority=highest":     "tokens:1: a: priority: want one of [contest normal rejudge]",
		strings.Repeat("x", 100) + " " + tokenA: "tokens:1: name: want",
	} {
		_, err := parseTokens("tokens", []byte(text))
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), tokenA)
		assert.NotContains(t, err.Error(), tokenB)
	}
	_, err := ReadTokens(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestWithoutTokenNothingIsAnswered(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	for _, headers := range [][]string{
		nil, bearer("x"), bearer(""), {"Authorization", tokenA}, {"Authorization", "Basic " + tokenA}, {"Authorization", "Bearer"}, bearer(tokenA + ",x"),
	} {
		for _, path := range []string{"/v1/queue", "/v1/submissions", "/v1/submissions/x", "/v1/files/" + strings.Repeat("0", 64), "/metrics", "/file", "/version"} {
			answer := a.get(path, headers...)
			refusal(t, answer, noToken)
			assert.Equal(t, `Bearer realm="judge"`, answer.header.Get("WWW-Authenticate"))
		}
		refusal(t, a.post("/v1/submissions", sumSubmission(), headers...), noToken)
	}
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json"} {
		assert.Equal(t, http.StatusOK, a.get(path).status)
	}
	assert.Equal(t, http.StatusOK, a.get("/v1/queue", bearer(tokenA)...).status)
	assert.Equal(t, http.StatusOK, a.get("/metrics", "Authorization", "bearer "+tokenB).status)
	assert.Equal(t, http.StatusOK, a.get("/v1/queue", append(bearer(tokenA), "Host", "judge.example.org")...).status)
}

func TestTokensGiveThePrioritiesThatTheyMay(t *testing.T) {
	a := newAPI(t, tokensOf(t, "any "+tokenA+"\nnormal "+tokenB+" priority=normal\nlate "+tokenAdmin+" priority=rejudge"))
	for _, test := range []struct {
		name   string
		token  string
		wanted queue.Priority
		got    queue.Priority // empty: refused
	}{
		{"any, contest", tokenA, queue.Contest, queue.Contest},
		{"any, not said", tokenA, "", queue.Normal},
		{"normal, contest", tokenB, queue.Contest, ""},
		{"normal, normal", tokenB, queue.Normal, queue.Normal},
		{"normal, rejudge", tokenB, queue.Rejudge, queue.Rejudge},
		{"normal, not said", tokenB, "", queue.Normal},
		{"late, contest", tokenAdmin, queue.Contest, ""},
		{"late, normal", tokenAdmin, queue.Normal, ""},
		{"late, not said", tokenAdmin, "", queue.Rejudge},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, body := a.within(t), sumSubmission()
			if test.wanted != "" {
				body["priority"] = test.wanted
			}
			if test.got == "" {
				refusal(t, a.post("/v1/submissions", body, bearer(test.token)...), notAllowed)
				return
			}
			assert.Equal(t, test.got, a.submit(body, bearer(test.token)...).Priority)
			ctx := context.WithValue(t.Context(), clientKey{}, &client{Token: Token{Priority: test.got}})
			assert.Equal(t, test.got, Priority(ctx, queue.Contest), "of a door")
		})
	}
}

func TestTokensSeeTheirOwnSubmissions(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	made := a.submit(sumSubmission(), bearer(tokenA)...)
	assert.Equal(t, "a", made.Owner)
	a.queue.begin(made.ID)
	for _, path := range []string{"", "/records", "/events", "/report"} {
		theirs := a.get(made.Links.Self+path, bearer(tokenB)...)
		none := a.get("/v1/submissions/none"+path, bearer(tokenB)...)
		assert.Equal(t, refusal(t, none, notFound).Detail, refusal(t, theirs, notFound).Detail)
	}
	refusal(t, a.do(http.MethodDelete, made.Links.Self, "", bearer(tokenB)...), notFound)
	assert.Equal(t, queue.Running, a.queue.find(made.ID).State)

	ids := func(token, query string) (found []string) {
		for _, s := range as[submissionList](t, a.get("/v1/submissions"+query, bearer(token)...), http.StatusOK).Submissions {
			found = append(found, s.ID)
		}
		return found
	}
	assert.Equal(t, []string{made.ID}, ids(tokenA, ""))
	assert.Empty(t, ids(tokenB, ""))
	assert.Empty(t, ids(tokenB, "?owner=a"))
	assert.Equal(t, []string{made.ID}, ids(tokenAdmin, ""))
	assert.Equal(t, []string{made.ID}, ids(tokenAdmin, "?owner=a"))
	assert.Empty(t, ids(tokenAdmin, "?owner=b"))

	assert.Equal(t, http.StatusOK, a.get(made.Links.Self, bearer(tokenAdmin)...).status)
	a.queue.finish(made.ID, judge.Accepted)
	refusal(t, a.get(made.Links.Self+"/records", bearer(tokenB)...), notFound)
	assert.Equal(t, http.StatusOK, a.get(made.Links.Self+"/records", bearer(tokenA)...).status)
}

func TestTokensAreReplaced(t *testing.T) {
	a := newAPI(t, tokensOf(t, "a "+tokenA))
	assert.Equal(t, http.StatusOK, a.get("/v1/queue", bearer(tokenA)...).status)
	require.NoError(t, a.service.SetTokens(tokensOf(t, "a "+tokenB)))
	refusal(t, a.get("/v1/queue", bearer(tokenA)...), noToken)
	assert.Equal(t, http.StatusOK, a.get("/v1/queue", bearer(tokenB)...).status)
	require.Error(t, a.service.SetTokens(nil))
	assert.Equal(t, http.StatusOK, a.get("/v1/queue", bearer(tokenB)...).status)
}

func TestEachTokenHasItsLimits(t *testing.T) {
	t.Run("rate", func(t *testing.T) {
		a := newAPI(t, tokensOf(t, "a "+tokenA+" rate=0.2\nb "+tokenB))
		for range 2 {
			assert.Equal(t, http.StatusOK, a.get("/v1/queue", bearer(tokenA)...).status)
		}
		answer := a.get("/v1/queue", bearer(tokenA)...)
		refusal(t, answer, tooMany)
		assert.Contains(t, []string{"4", "5"}, answer.header.Get("Retry-After"))
		assert.Equal(t, http.StatusOK, a.get("/v1/queue", bearer(tokenB)...).status)
	})
	t.Run("size", func(t *testing.T) {
		a := newAPI(t, tokensOf(t, "a "+tokenA+" bytes=1KiB\nb "+tokenB))
		for _, path := range []string{"/v1/files", "/v1/tasks", "/v1/submissions", "/run", "/file", "/api/v2/execute"} {
			answer := a.do(http.MethodPost, path, strings.Repeat("x", 1025), bearer(tokenA)...)
			refusal(t, answer, tooLarge)
		}
		assert.Equal(t, http.StatusCreated, a.do(http.MethodPost, "/v1/files", strings.Repeat("x", 1024), bearer(tokenA)...).status)
		assert.Equal(t, http.StatusCreated, a.do(http.MethodPost, "/v1/files", strings.Repeat("x", 1025), bearer(tokenB)...).status)
	})
	t.Run("open submissions", func(t *testing.T) {
		a := newAPI(t, tokensOf(t, "a "+tokenA+" open=2\nb "+tokenB))
		first := a.submit(sumSubmission(), bearer(tokenA)...)
		a.submit(sumSubmission(), bearer(tokenA)...)
		refusal(t, a.post("/v1/submissions", sumSubmission(), bearer(tokenA)...), tooMany)
		a.submit(sumSubmission(), bearer(tokenB)...)
		a.queue.begin(first.ID)
		a.queue.finish(first.ID, judge.Accepted)
		as[submissionStatus](t, a.get(first.Links.Self+"?wait=60s", bearer(tokenA)...), http.StatusOK)
		eventually(t, func() bool { return a.service.open.len() == 2 })
		a.submit(sumSubmission(), bearer(tokenA)...)
	})
	t.Run("open submissions, whose ids are used again for others", func(t *testing.T) {
		a := newAPI(t, tokensOf(t, "a "+tokenA+" open=1\nb "+tokenB))
		named := sumSubmission()
		named["id"] = "one"
		a.submit(named, bearer(tokenA)...)
		result, forget := a.service.open.wait(mark("a") + "one")
		defer forget()
		named["name"] = "another"
		refusal(t, a.post("/v1/submissions", named, bearer(tokenA)...), conflict)
		assert.Equal(t, http.StatusAccepted, a.post("/v1/submissions", named, bearer(tokenB)...).status)
		refusal(t, a.post("/v1/submissions", sumSubmission(), bearer(tokenA)...), tooMany)
		select {
		case <-result:
			assert.Fail(t, "who waits was told that it has ended")
		default:
		}
	})
	t.Run("requests at one time", func(t *testing.T) {
		a := newAPI(t, tokensOf(t, "a "+tokenA+" concurrent=1\nb "+tokenB))
		made := a.submit(sumSubmission(), bearer(tokenA)...)
		stream := a.follow(made.ID, bearer(tokenA)...)
		refusal(t, a.get("/v1/queue", bearer(tokenA)...), tooMany)
		assert.Equal(t, http.StatusOK, a.get("/v1/queue", bearer(tokenB)...).status)
		stream.close()
		eventually(t, func() bool { return a.queue.watching() == 0 })
	})
}
