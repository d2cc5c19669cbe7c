package gojudge

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResultsAreWrittenAsMarshalDoes(t *testing.T) {
	euros := strings.Repeat("€", pieceBytes) // three bytes each
	for name, results := range map[string][]Result{
		"none":             {},
		"without files":    {{Status: StatusAccepted, Time: 1, Memory: 2, FileIDs: map[string]string{"a": "b"}}},
		"two":              {{Status: StatusSignalled, ExitStatus: 9}, {Error: "<é>", Files: map[string]string{"stdout": "x", "a\"b": ""}}},
		"files and errors": {{Files: map[string]string{"a": "b"}, FileIDs: map[string]string{"c": "d"}, FileError: []FileError{{Name: "e", Type: CopyOutOpen}}}},
		"NUL":              {{Files: map[string]string{"stdout": strings.Repeat("\x00", 3*pieceBytes+1)}}},
		"characters":       {{Files: map[string]string{"0": euros, "1": "x" + euros, "2": "xx" + euros, "3": "\xe2" + euros}}},
		"no UTF-8":         {{Files: map[string]string{"bin": strings.Repeat("\xe2\x82", pieceBytes) + strings.Repeat("\x82", 2*pieceBytes) + "\xff\u2028<&>"}}},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := json.Marshal(results)
			require.NoError(t, err)
			var got pieces
			require.NoError(t, writeResults(&got, results))
			assert.True(t, string(want) == got.String(), "%.300s\n%.300s", want, got.String())
			assert.LessOrEqual(t, got.largest, 6*pieceBytes+2, "bytes at a time")
		})
	}
	full := errors.New("no room")
	assert.ErrorIs(t, writeResults(&pieces{err: full}, []Result{{Files: map[string]string{"a": "b"}}}), full)
}

// pieces is a buffer that knows the largest piece.
type pieces struct {
	bytes.Buffer
	largest int
	err     error
}

func (p *pieces) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	p.largest = max(p.largest, len(b))
	return p.Buffer.Write(b)
}

func (p *pieces) WriteString(s string) (int, error) { return p.Write([]byte(s)) }
