package gojudge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// FieldError says which field of a request is refused, and why.
type FieldError struct {
	Field  string // such as cmd[0].cpuLimit; empty: the body as a whole
	Reason string
}

func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

func refuse(field, format string, args ...any) error {
	return &FieldError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// ParseRequest reads and checks the body of POST /run. The error is a *FieldError, or one of reading.
func ParseRequest(body io.Reader) (Request, error) {
	var r Request
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, explainJSON(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return r, refuse("", "want one JSON object, and nothing after it")
	}
	return r, r.Check()
}

// explainJSON turns an error of decoding into one that names the field.
func explainJSON(err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType):
		return refuse(wrongType.Field, "%s: want %s", wrongType.Value, wanted(wrongType.Type.Kind().String()))
	case errors.As(err, &syntax):
		return refuse("", "not JSON: %v, at byte %d", syntax, syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("", "not JSON: it ends too early")
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return refuse(strings.Trim(field, `"`), "unknown field")
	}
	return err
}

// wanted says what a Go type is called in JSON.
func wanted(kind string) string {
	switch kind {
	case "uint64":
		return "a whole number of 0 or more, below 2^64"
	case "int", "int64":
		return "a whole number"
	case "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "slice":
		return "a list"
	case "map", "struct", "ptr":
		return "an object"
	}
	return "a " + kind
}

// Command is what a worker is given: a request that was checked, and whose files it uses.
type Command struct {
	Owner   string   `json:"owner,omitempty"`
	Request Request  `json:"request"`
	Moved   []string `json:"moved,omitempty"` // ids of files that hold what the request had as content
}

// parseCommand reads a Command. It is checked once more: who can write into the queue is not always who
// answers HTTP.
func parseCommand(data []byte) (c Command, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("command: %w", err)
	}
	if err := c.Request.Check(); err != nil {
		return c, fmt.Errorf("command: %w", err)
	}
	return c, nil
}
