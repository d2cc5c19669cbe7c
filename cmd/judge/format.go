package main

import (
	"errors"
	"slices"
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
