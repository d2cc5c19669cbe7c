package gojudge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"
)

// resultsWriter writes results as JSON piece by piece: of a file's content, whose bytes may take six in a JSON text,
// there is never a second copy in memory.
type resultsWriter struct {
	to  io.Writer
	err error // the first; nothing is written afterwards
}

// writeResults writes what json.Marshal makes of results.
func writeResults(to io.Writer, results []Result) error {
	w := &resultsWriter{to: to}
	w.text("[")
	for i := range results {
		if i > 0 {
			w.text(",")
		}
		w.result(results[i])
	}
	w.text("]")
	return w.err
}

// result writes all but the files by json.Marshal, and these where they belong.
func (w *resultsWriter) result(r Result) {
	files := r.Files
	if len(files) == 0 {
		w.value(r)
		return
	}
	after := struct { // the fields that follow
		FileIDs   map[string]string `json:"fileIds,omitempty"`
		FileError []FileError       `json:"fileError,omitempty"`
	}{r.FileIDs, r.FileError}
	r.Files, r.FileIDs, r.FileError = nil, nil, nil
	before, err := json.Marshal(r)
	rest, errRest := json.Marshal(after)
	if w.err = errors.Join(w.err, err, errRest); w.err != nil {
		return
	}
	w.text(string(before[:len(before)-1]) + `,"files":{`)
	for i, name := range slices.Sorted(maps.Keys(files)) {
		if i > 0 {
			w.text(",")
		}
		w.value(name)
		w.text(":")
		w.content(files[name])
	}
	w.text("}")
	if len(rest) > len("{}") {
		w.text("," + string(rest[1:]))
	} else {
		w.text("}")
	}
}

// pieceBytes is how much of a file's content is encoded at a time.
const pieceBytes = 32 << 10

// content writes a string. It is cut where a character begins, so that no two of its pieces have one together.
func (w *resultsWriter) content(s string) {
	w.text(`"`)
	for len(s) > 0 && w.err == nil {
		n := min(pieceBytes, len(s))
		for back := 0; back < utf8.UTFMax && n < len(s) && !utf8.RuneStart(s[n]); back++ {
			n--
		}
		piece, err := json.Marshal(s[:n])
		if err != nil {
			w.err = fmt.Errorf("bug: encode a file: %w", err)
			return
		}
		w.text(string(piece[1 : len(piece)-1]))
		s = s[n:]
	}
	w.text(`"`)
}

func (w *resultsWriter) value(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		w.err = errors.Join(w.err, fmt.Errorf("bug: encode results: %w", err))
	}
	w.text(string(text))
}

func (w *resultsWriter) text(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.to, s)
	}
}
