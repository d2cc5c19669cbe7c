package piston

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"judge/judge"
	"judge/judge/queue"
)

// RequestError says what is wrong with a request.
type RequestError struct{ Message string }

func (e *RequestError) Error() string { return e.Message }

func refuse(format string, args ...any) error { return &RequestError{fmt.Sprintf(format, args...)} }

// ParseRequest reads and checks the body of POST /api/v2/execute, all but the runtime. The error is a
// *RequestError, or one of reading. Unknown fields have no effect, as in Piston.
func ParseRequest(body io.Reader) (Request, error) {
	var r Request
	decoder := json.NewDecoder(body)
	if err := decoder.Decode(&r); err != nil {
		return r, explainJSON(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return r, refuse("want one JSON object, and nothing after it")
	}
	return r, r.check()
}

func explainJSON(err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType):
		switch field := wrongType.Field; {
		case field == "":
			return refuse("want a JSON object")
		case field == "language", field == "version":
			return refuse("%s is required as a string", field)
		case field == "files":
			return refuse("files is required as an array")
		case strings.HasSuffix(field, "_timeout"), strings.HasSuffix(field, "_time"), strings.HasSuffix(field, "_limit"):
			return refuse("If specified, %s must be a number", field)
		default:
			return refuse("%s must not be a %s", field, wrongType.Value)
		}
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("the body is not JSON: %v", err)
	}
	return err
}

func (r *Request) check() error {
	switch {
	case r.Language == "":
		return refuse("language is required as a string")
	case r.Version == "":
		return refuse("version is required as a string")
	case r.Files == nil:
		return refuse("files is required as an array")
	case len(r.Files) == 0:
		return refuse("files must include at least one utf8 encoded file")
	case len(r.Files) > MaxFiles:
		return refuse("files: %d files, want at most %d", len(r.Files), MaxFiles)
	case len(r.Args) > MaxArgs:
		return refuse("args: %d arguments, want at most %d", len(r.Args), MaxArgs)
	}
	for i, arg := range r.Args {
		if strings.ContainsRune(arg, 0) {
			return refuse("args[%d] has a NUL byte", i)
		}
	}
	text := false
	for i, f := range r.Files {
		if f.Content == nil {
			return refuse("files[%d].content is required as a string", i)
		}
		if f.Name != "" {
			if err := checkName(f.Name); err != nil {
				return refuse("files[%d].name: %v", i, err)
			}
		}
		if _, err := f.decode(); err != nil {
			return refuse("files[%d].content is not %s: %v", i, f.Encoding, err)
		}
		text = text || f.isText()
	}
	if !text {
		return refuse("files must include at least one utf8 encoded file")
	}
	_, err := r.limits()
	return err
}

// checkName checks the name of a file: it stays in the directory of the program.
func checkName(name string) error {
	switch {
	case strings.ContainsRune(name, '\\'):
		return errors.New("want slashes in it")
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return errors.New("has a NUL byte, or is not UTF-8")
	case path.IsAbs(name) || path.Clean(name) != name || name == "." || name == ".." || strings.HasPrefix(name, "../"):
		return fmt.Errorf("File path %.80q tries to escape parent directory, or is not clean", name)
	case judge.Visible(name) != name || strings.TrimSpace(name) == "":
		return fmt.Errorf("%.80q has characters that are not shown, or nothing else", name)
	}
	return queue.CheckPath(name)
}

// isText tells whether a file is one of those that may be source.
func (f File) isText() bool { return f.Encoding != "base64" && f.Encoding != "hex" }

func (f File) decode() ([]byte, error) {
	switch f.Encoding {
	case "base64":
		return base64.StdEncoding.DecodeString(*f.Content)
	case "hex":
		return hex.DecodeString(*f.Content)
	}
	return []byte(*f.Content), nil
}

// stageLimits are those of compiling or running. Zero: not given.
type stageLimits struct {
	wall, cpu time.Duration
	memory    int64
}

// bothLimits are those of a request.
type bothLimits struct{ compile, run stageLimits }

// limits reads the limits of a request.
func (r *Request) limits() (both bothLimits, err error) {
	for _, row := range []struct {
		name        string
		value       *float64
		least, most float64
		set         func(float64)
	}{
		{"compile_timeout", r.CompileTimeout, 1, milliseconds(MaxTimeout), func(v float64) { both.compile.wall = duration(v) }},
		{"run_timeout", r.RunTimeout, 1, milliseconds(MaxTimeout), func(v float64) { both.run.wall = duration(v) }},
		{"compile_cpu_time", r.CompileCPUTime, 1, milliseconds(MaxTimeout), func(v float64) { both.compile.cpu = duration(v) }},
		{"run_cpu_time", r.RunCPUTime, 1, milliseconds(MaxTimeout), func(v float64) { both.run.cpu = duration(v) }},
		{"compile_memory_limit", r.CompileMemoryLimit, minMemory, MaxMemory, func(v float64) { both.compile.memory = int64(v) }},
		{"run_memory_limit", r.RunMemoryLimit, minMemory, MaxMemory, func(v float64) { both.run.memory = int64(v) }},
	} {
		switch {
		case row.value == nil || *row.value == 0 || *row.value == -1:
		case *row.value < 0:
			return both, refuse("%s must be non-negative", row.name)
		case *row.value > row.most:
			return both, refuse("%s cannot exceed the configured limit of %.0f", row.name, row.most)
		case *row.value < row.least:
			return both, refuse("%s must be at least %.0f", row.name, row.least)
		default:
			row.set(*row.value)
		}
	}
	return both, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func duration(ms float64) time.Duration    { return time.Duration(ms * float64(time.Millisecond)) }
