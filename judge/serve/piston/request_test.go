package piston

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"judge/judge"
)

// loads says what is wrong with the task that a program has become.
func loads(t *testing.T, p program) error {
	t.Helper()
	dir := t.TempDir()
	for name, data := range p.task {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
		require.NoError(t, os.WriteFile(at, data, 0o600))
	}
	_, err := judge.LoadBundle(dir)
	return err
}

// FuzzParseRequest: what is wrong with a request is said before it is a job.
func FuzzParseRequest(f *testing.F) {
	f.Add(`{"language":"python","version":"*","files":[{"name":"a.py","content":"print()"},{"name":"b/c","content":"00","encoding":"hex"}],"args":["x"],"run_timeout":1.5}`)
	f.Add(`{"language":"java","version":"*","files":[{"content":"public class A {}"}],"compile_memory_limit":1e6,"compile_timeout":3000,"stdin":"1 2"}`)
	f.Add(`{"language":"python","version":"*","files":[{"content":""},{"name":"a","content":""},{"name":"a/b","content":""}]}`)
	f.Add(`{"language":"python","version":"*","files":[{"content":""},{"name":"a\u202eb","content":""}]}`)
	f.Add(`{"language":"python","version":"*","files":[{"content":""},{"name":".a","content":""},{"name":"a b","content":""},{"name":"-","content":""}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		r, err := ParseRequest(strings.NewReader(body))
		if err != nil {
			var wrong *RequestError
			require.True(t, errors.As(err, &wrong), "%v", err)
			return
		}
		l := slices.IndexFunc(languages, func(l language) bool { return l.called(r.Language) })
		if l < 0 {
			return
		}
		p, err := newProgram(r, languages[l])
		if err != nil {
			var wrong *RequestError
			require.True(t, errors.As(err, &wrong), "%v", err)
			return
		}
		require.NoError(t, loads(t, p))
	})
}
