//go:build linux

package piston

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/serve/door/doortest"
)

func ask(t *testing.T, h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

var testLanguages = doortest.Languages{"python": "Python 3.11.2", "cpp": "g++ (Debian 12.2.0-14) 12.2.0", "c": "gcc 12.2.0", "bash": "GNU bash, version 5.2.15(1)"}

// With everything real: front, queue, worker, sandboxes.
func TestExecute(t *testing.T) {
	h := NewHandler(Options{Queue: doortest.Start(t, testLanguages, nil)})
	execute := func(t *testing.T, language, files, more string) Response {
		t.Helper()
		w := ask(t, h, "POST", "/api/v2/execute", `{"language":"`+language+`","version":"*","files":[`+files+`]`+more+`}`)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		var r Response
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &r))
		require.NotNil(t, r.Run)
		return r
	}
	file := func(name, content string) string {
		return `{"name":"` + name + `","content":` + quoted(content) + `}`
	}
	t.Run("the documented example", func(t *testing.T) {
		w := ask(t, h, "POST", "/api/v2/execute", `{"language":"py","version":"3.11.2",
			"files":[{"name":"my_cool_code.py","content":"import sys\nprint(sys.argv[1:])"}],"stdin":"","args":["1","2","3"],
			"compile_timeout":10000,"run_timeout":3000,"compile_memory_limit":-1,"run_memory_limit":-1}`)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		var got map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		run := got["run"].(map[string]any)
		for _, measured := range []string{"cpu_time", "wall_time", "memory"} {
			assert.NotZero(t, run[measured])
			delete(run, measured)
		}
		assert.Equal(t, map[string]any{
			"language": "python", "version": "3.11.2", "run": map[string]any{
				"stdout": "['1', '2', '3']\n", "stderr": "", "output": "['1', '2', '3']\n",
				"code": 0.0, "signal": nil, "message": nil, "status": nil,
			},
		}, got)
	})
	t.Run("compiled", func(t *testing.T) {
		got := execute(t, "cpp", file("a.cc", "#include <iostream>\nint main() { int a; std::cin >> a; std::cout << 2 * a; std::cerr << \"e\"; }"), `,"stdin":"21"`)
		assert.Equal(t, "42", got.Run.Stdout)
		assert.Equal(t, "e", got.Run.Stderr)
		assert.Equal(t, "42e", got.Run.Output)
		require.NotNil(t, got.Compile)
		assert.Equal(t, 0, *got.Compile.Code)
		assert.Equal(t, "c++", got.Language)
	})
	t.Run("not compiled", func(t *testing.T) {
		got := execute(t, "c", file("a.c", "nonsense"), "")
		require.NotNil(t, got.Compile)
		assert.Equal(t, 1, *got.Compile.Code)
		assert.Contains(t, got.Compile.Stderr, "error")
		assert.Equal(t, StatusExit, *got.Compile.Status)
		assert.Equal(t, got.Compile, got.Run)
	})
	t.Run("files of all kinds", func(t *testing.T) {
		got := execute(t, "python", `{"content":"","encoding":"base64","name":"empty"},`+
			file("prog", "import lib.a; print(lib.a.x, open('data.bin','rb').read(), open('h').read())")+","+
			file("lib/a.py", "x = 1\nif __name__ == '__main__': pass")+
			`,{"name":"data.bin","encoding":"base64","content":"`+base64.StdEncoding.EncodeToString([]byte("\xff\x00"))+`"},{"name":"h","encoding":"hex","content":"6869"}`, "")
		assert.Equal(t, "1 b'\\xff\\x00' hi\n", got.Run.Stdout, "%+v", got.Run)
		assert.Nil(t, got.Compile)
	})
	t.Run("several sources", func(t *testing.T) {
		got := execute(t, "c", file("b.c", "int f(void); int main(void) { return f(); }")+","+file("a.c", "#include \"f.h\"\nint f(void) { return X; }")+","+file("f.h", "#define X 7"), "")
		assert.Equal(t, 7, *got.Run.Code, "%+v", got.Run)
	})
	t.Run("arguments of all kinds", func(t *testing.T) {
		args := []string{"", "a b", "\"'\\\n\t", "ü\u0001\u007f", "{source}", "$HOME"}
		text, err := json.Marshal(args)
		require.NoError(t, err)
		got := execute(t, "python", file("a.py", "import sys, json; print(json.dumps(sys.argv[1:]))"), `,"args":`+string(text))
		assert.JSONEq(t, string(text), got.Run.Stdout)
	})
	for _, row := range []struct {
		name, source, more string
		status             Status
		code               any
		signal             string
	}{
		{"exit code", "exit 3", "", StatusExit, 3, ""},
		{"signal", "kill -SEGV $$", "", StatusSignal, nil, "SIGSEGV"},
		{"wall time", "sleep 100", `,"run_timeout":300`, StatusTime, nil, "SIGKILL"},
		{"cpu time", "while :; do :; done", `,"run_cpu_time":100.5`, StatusTime, nil, "SIGKILL"},
		{"memory", "a=$(head -c 60000000 /dev/zero | tr '\\0' a)", `,"run_memory_limit":16000000`, StatusSignal, nil, "SIGKILL"},
		{"stdout", "yes", "", StatusStdout, nil, "SIGKILL"},
		{"stderr", "yes >&2", "", StatusStderr, nil, "SIGKILL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := execute(t, "bash", file("a.sh", row.source), row.more).Run
			require.NotNil(t, got.Status)
			assert.Equal(t, row.status, *got.Status)
			require.NotNil(t, got.Message)
			assert.NotEmpty(t, *got.Message)
			if row.code == nil {
				assert.Nil(t, got.Code)
				require.NotNil(t, got.Signal)
				assert.Equal(t, row.signal, *got.Signal)
			} else {
				assert.Equal(t, row.code, *got.Code)
				assert.Nil(t, got.Signal)
			}
		})
	}
	t.Run("as much output as there may be", func(t *testing.T) {
		got := execute(t, "python", file("a.py", fmt.Sprintf("print('x' * %d, end='')", MaxOutput)), "").Run
		assert.Len(t, got.Stdout, MaxOutput)
		assert.Nil(t, got.Status)
	})
	t.Run("a compiler that takes too long", func(t *testing.T) {
		got := execute(t, "cpp", file("a.cpp", "#include <bits/stdc++.h>\nint main() {}"), `,"compile_timeout":50`)
		require.NotNil(t, got.Compile)
		assert.Equal(t, StatusTime, *got.Compile.Status)
	})
	t.Run("names that are no program's", func(t *testing.T) {
		got := execute(t, "c", file(".hidden.c", "int main(void) { return 0; }"), "")
		require.NotNil(t, got.Compile)
		assert.Equal(t, 1, *got.Compile.Code)
	})
	t.Run("runtimes", func(t *testing.T) {
		assert.Contains(t, ask(t, h, "GET", "/api/v2/runtimes", "").Body.String(),
			`{"language":"python","version":"3.11.2","aliases":["py","py3","python3"]}`)
	})
}

func TestRequestsThatAreRefused(t *testing.T) {
	const file = `"files":[{"content":"x"}]`
	ok := func(more string) string { return `{"language":"python","version":"*",` + file + more + `}` }
	for _, row := range []struct{ name, body, message string }{
		{"no JSON", `{`, "not JSON"},
		{"no object", `[]`, "want a JSON object"},
		{"more than one", ok("") + "1", "nothing after it"},
		{"no language", `{"version":"*",` + file + `}`, "language is required as a string"},
		{"language of another type", `{"language":1,"version":"*",` + file + `}`, "language is required as a string"},
		{"no version", `{"language":"python",` + file + `}`, "version is required as a string"},
		{"no files", `{"language":"python","version":"*"}`, "files is required as an array"},
		{"files of another type", `{"language":"python","version":"*","files":"x"}`, "files is required as an array"},
		{"not one file", `{"language":"python","version":"*","files":[]}`, "at least one utf8 encoded file"},
		{"no text", `{"language":"python","version":"*","files":[{"content":"","encoding":"hex"}]}`, "at least one utf8 encoded file"},
		{"no content", `{"language":"python","version":"*","files":[{"name":"x"}]}`, "files[0].content is required as a string"},
		{"no base64", `{"language":"python","version":"*","files":[{"content":"x"},{"content":"!","encoding":"base64"}]}`, "files[1].content is not base64"},
		{"a path outside", `{"language":"python","version":"*","files":[{"name":"../x","content":""}]}`, "tries to escape parent directory"},
		{"a path outside and back", `{"language":"python","version":"*","files":[{"name":"a/../../b","content":""}]}`, "tries to escape parent directory"},
		{"an absolute path", `{"language":"python","version":"*","files":[{"name":"/etc/passwd","content":""}]}`, "tries to escape parent directory"},
		{"NUL in a path", `{"language":"python","version":"*","files":[{"name":"a\u0000","content":""}]}`, "NUL"},
		{"a name that is not shown", `{"language":"python","version":"*","files":[{"content":""},{"name":"a\u202eb","content":""}]}`, "files[1].name: \"a\\u202eb\" has characters that are not shown"},
		{"a file and a directory", `{"language":"python","version":"*","files":[{"content":""},{"name":"a","content":""},{"name":"a/b","content":""}]}`, `"a" is a file, and the directory of "a/b"`},
		{"10000 files", `{"language":"python","version":"*","files":[` + strings.Repeat(`{"content":""},`, 9999) + `{"content":""}]}`, "10000 files"},
		{"NUL in an argument", ok(`,"args":["\u0000"]`), "args[0] has a NUL byte"},
		{"many arguments", ok(`,"args":[` + strings.Repeat(`"",`, MaxArgs) + `""]`), "want at most"},
		{"timeout of another type", ok(`,"run_timeout":"1"`), "If specified, run_timeout must be a number"},
		{"negative timeout", ok(`,"run_timeout":-5`), "run_timeout must be non-negative"},
		{"long timeout", ok(`,"compile_timeout":1e300`), "compile_timeout cannot exceed the configured limit of 60000"},
		{"little memory", ok(`,"run_memory_limit":1000`), "run_memory_limit must be at least 1048576"},
		{"much memory", ok(`,"run_memory_limit":1e18`), "run_memory_limit cannot exceed"},
		{"unknown language", `{"language":"cobol","version":"*",` + file + `}`, "cobol-* runtime is unknown"},
	} {
		t.Run(row.name, func(t *testing.T) {
			q := idleQueue{}
			w := ask(t, NewHandler(Options{Queue: q}), "POST", "/api/v2/execute", row.body)
			assert.Equal(t, http.StatusBadRequest, w.Code)
			var p struct{ Message string }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
			assert.Contains(t, p.Message, row.message)
		})
	}
	t.Run("another type of content", func(t *testing.T) {
		r := httptest.NewRequest("POST", "/api/v2/execute", strings.NewReader(ok("")))
		w := httptest.NewRecorder()
		NewHandler(Options{}).ServeHTTP(w, r)
		assert.Equal(t, http.StatusUnsupportedMediaType, w.Code)
	})
	t.Run("too large", func(t *testing.T) {
		w := ask(t, NewHandler(Options{}), "POST", "/api/v2/execute", `{"language":"`+strings.Repeat("x", MaxBody))
		assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	})
}

// A worker may allow less than we do.
func TestRequestsThatNoWorkerDoes(t *testing.T) {
	records, err := judge.AppendRecord(nil, &judge.Record{
		Schema: judge.Schema, Kind: judge.KindSubmission, Verdict: judge.JudgeError, Reason: judge.ReasonTask, Message: "memory: at most 64MiB",
	})
	require.NoError(t, err)
	_, err = answerOf(runtime{}, records)
	var wrong *RequestError
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, "memory: at most 64MiB", wrong.Message)
}
