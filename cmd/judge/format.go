package main

import (
	"errors"
	"io"
	"os"
	"slices"

	"golang.org/x/term"

	"judge/judge/report"
)

// format is what `judge run` prints, beside the records that --out writes. It is a pflag.Value.
type format string

const (
	formatAuto  format = "auto"  // a table
	formatTable format = "table" // for each task a row for each submission
	formatJSONL format = "jsonl" // the records
	formatNone  format = "none"
)

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "FORMAT" }

func (f *format) Set(s string) error {
	if !slices.Contains([]format{formatAuto, formatTable, formatJSONL, formatNone}, format(s)) {
		return errors.New("want auto, table, jsonl or none")
	}
	*f = format(s)
	return nil
}

// tableConfig finds out what w can show: a terminal has colours, unless NO_COLOR (no-color.org) is set,
// and lines; for anything else the table is plain.
func tableConfig(w io.Writer) report.TableConfig {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" {
		return report.TableConfig{}
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		width = 0
	}
	return report.TableConfig{Color: os.Getenv("NO_COLOR") == "", Unicode: true, Width: width}
}
