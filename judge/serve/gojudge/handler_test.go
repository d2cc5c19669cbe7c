package gojudge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/serve/door"
)

// jobs are answered by a function.
type jobs func(ctx context.Context, command json.RawMessage) (json.RawMessage, error)

func (j jobs) Execute(ctx context.Context, command json.RawMessage) (json.RawMessage, error) {
	return j(ctx, command)
}

// ask makes a request and returns the status and the body of the answer.
func ask(t *testing.T, h http.Handler, method, target, kind string, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, body)
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// form is the body of POST /file.
func form(t *testing.T, field, name, content string) (body io.Reader, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile(field, name)
	require.NoError(t, err)
	_, err = part.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &b, w.FormDataContentType()
}

func TestFileRoutes(t *testing.T) {
	owner := "a"
	h := NewHandler(Options{Files: newMemoryFiles(), Owner: func(context.Context) string { return owner }})
	body, kind := form(t, "file", "../x/test.py", "print(58 - 7 * 3)")
	w := ask(t, h, "POST", "/file", kind, body)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var id string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &id))
	w = ask(t, h, "GET", "/file", "", nil)
	assert.JSONEq(t, `{"`+id+`":"test.py"}`, w.Body.String())
	w = ask(t, h, "GET", "/file/"+id, "", nil)
	assert.Equal(t, "print(58 - 7 * 3)", w.Body.String())
	assert.Equal(t, "attachment; filename=test.py", w.Header().Get("Content-Disposition"))
	owner = "b"
	assert.JSONEq(t, `{}`, ask(t, h, "GET", "/file", "", nil).Body.String())
	assert.Equal(t, http.StatusNotFound, ask(t, h, "GET", "/file/"+id, "", nil).Code)
	assert.Equal(t, http.StatusNotFound, ask(t, h, "DELETE", "/file/"+id, "", nil).Code)
	owner = "a"
	assert.Equal(t, http.StatusOK, ask(t, h, "DELETE", "/file/"+id, "", nil).Code)
	assert.Equal(t, http.StatusNotFound, ask(t, h, "GET", "/file/"+id, "", nil).Code)

	t.Run("refused", func(t *testing.T) {
		other, kind := form(t, "other", "x", "x")
		assert.Equal(t, http.StatusBadRequest, ask(t, h, "POST", "/file", kind, other).Code)
		assert.Equal(t, http.StatusBadRequest, ask(t, h, "POST", "/file", "text/plain", strings.NewReader("x")).Code)
		cut, kind := form(t, "file", "x", strings.Repeat("x", 1000))
		w := ask(t, h, "POST", "/file", kind, io.LimitReader(cut, 500))
		assert.Equal(t, http.StatusBadRequest, w.Code, w.Body)
		assert.JSONEq(t, `{}`, ask(t, h, "GET", "/file", "", nil).Body.String())
		assert.Equal(t, http.StatusMethodNotAllowed, ask(t, h, "GET", "/run", "", nil).Code)
	})
}

func TestRunRoute(t *testing.T) {
	var got Command
	answer := func(_ context.Context, command json.RawMessage) (json.RawMessage, error) {
		got = Command{}
		return json.RawMessage(`[{"status":"Accepted"}]`), json.Unmarshal(command, &got)
	}
	files := newMemoryFiles()
	h := NewHandler(Options{Jobs: jobs(answer), Files: files, Owner: func(context.Context) string { return "a" }})
	post := func(body string) *httptest.ResponseRecorder {
		return ask(t, h, "POST", "/run", "application/json", strings.NewReader(body))
	}
	t.Run("answered", func(t *testing.T) {
		w := post(shell("true", ""))
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, "[{\"status\":\"Accepted\"}]\n", w.Body.String())
		assert.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
		assert.Equal(t, "a", got.Owner)
		assert.Equal(t, []string{"/bin/sh", "-c", "true"}, got.Request.Cmd[0].Args)
	})
	t.Run("large contents move", func(t *testing.T) {
		large := strings.Repeat("<", 1<<20)
		w := post(`{"cmd":[{"args":["a"],"files":[{"content":"` + large + `"}],"copyIn":{"b":{"content":"small"},"c":{"content":"` + large[:8000] + `"}}}]}`)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		cmd := got.Request.Cmd[0]
		require.NotNil(t, cmd.Files[0].FileID)
		assert.Nil(t, cmd.Files[0].Content)
		assert.NotNil(t, cmd.CopyIn["c"].Content, "there is room for it")
		assert.Equal(t, []string{*cmd.Files[0].FileID}, got.Moved)
		assert.Zero(t, files.count(), "they are gone with the request")
	})
	t.Run("so many contents move as have to", func(t *testing.T) {
		copies := map[string]any{} // to encode all of them for each that moves took 10 s
		for i := range 500 {
			copies[fmt.Sprint(i)] = map[string]string{"content": strings.Repeat("x", minMoved) + fmt.Sprint(i)}
		}
		cmd := map[string]any{"args": []string{"a"}, "copyIn": copies}
		text, err := json.Marshal(map[string]any{"cmd": []any{cmd, cmd, cmd, cmd}})
		require.NoError(t, err)
		w := post(string(text))
		require.Equal(t, http.StatusOK, w.Code, w.Body.String())
		left, moved := 0, 0
		for _, cmd := range got.Request.Cmd {
			for _, f := range cmd.CopyIn {
				if f.Content != nil {
					left++
				} else if assert.Contains(t, got.Moved, *f.FileID) {
					moved++
				}
			}
		}
		assert.Equal(t, 2000, left+moved)
		assert.Equal(t, moved, len(got.Moved))
		assert.Zero(t, files.count())
		again, err := json.Marshal(got)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(again), maxCommand)
		assert.Greater(t, len(again), maxCommand-2*minMoved, "no more than have to")
	})
	t.Run("refused", func(t *testing.T) {
		w := post(`{"cmd":[{"args":["a"],"cpuRateLimit":1}]}`)
		assert.Equal(t, http.StatusBadRequest, w.Code)
		assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
		var p door.Problem
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
		assert.Equal(t, 400, p.Status)
		assert.Contains(t, p.Detail, "cmd[0].cpuRateLimit")
	})
	t.Run("too large", func(t *testing.T) {
		w := ask(t, h, "POST", "/run", "application/json", io.MultiReader(strings.NewReader(`{"cmd":[{"args":["`), io.LimitReader(zeros{}, 10<<30)))
		assert.Contains(t, []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}, w.Code)
		w = ask(t, h, "POST", "/run", "application/json", io.MultiReader(strings.NewReader(`{"cmd":[{"args":["`), strings.NewReader(strings.Repeat("x", MaxBody))))
		assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code, w.Body)
		w = post(`{"cmd":[{"args":["a"],"env":["` + strings.Repeat("<", MaxArguments-10) + `"]}]}`)
		assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code, w.Body)
	})
	t.Run("a fault of ours", func(t *testing.T) {
		h := NewHandler(Options{Files: files, Jobs: jobs(func(context.Context, json.RawMessage) (json.RawMessage, error) {
			return nil, errors.New("secret path")
		})})
		w := ask(t, h, "POST", "/run", "application/json", strings.NewReader(shell("true", "")))
		assert.Equal(t, http.StatusInternalServerError, w.Code)
		assert.NotContains(t, w.Body.String(), "secret")
	})
}

func TestVersionAndConfig(t *testing.T) {
	h := NewHandler(Options{Version: "1.2"})
	for target, keys := range map[string][]string{
		"/version": {"buildVersion", "goVersion", "platform", "os", "copyOutOptional", "pipeProxy", "symlink", "procPeak"},
		"/config":  {"copyOutOptional", "pipeProxy", "fileStorePath", "runnerConfig"},
	} {
		w := ask(t, h, "GET", target, "", nil)
		require.Equal(t, http.StatusOK, w.Code)
		var got map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		for _, key := range keys {
			assert.Contains(t, got, key)
		}
	}
}
