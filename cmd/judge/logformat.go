package main

import (
	"fmt"
	"io"
	"log/slog"
)

// logFormat is how a service logs.
type logFormat string

const (
	logText logFormat = "text"
	logJSON logFormat = "json"
)

func (f *logFormat) Set(s string) error {
	if s != string(logText) && s != string(logJSON) {
		return fmt.Errorf("want text or json")
	}
	*f = logFormat(s)
	return nil
}

func (f *logFormat) String() string { return string(*f) }
func (f *logFormat) Type() string   { return "FORMAT" }

func (f logFormat) logger(to io.Writer) *slog.Logger {
	if f == logJSON {
		return slog.New(slog.NewJSONHandler(to, nil))
	}
	return slog.New(slog.NewTextHandler(to, nil))
}
