// Package report shows records to people and writes them for programs. Its sinks see Records only.
//
//	records in plan order ─┬─> Table   a table for each task, then a line that sums up
//	                       └─> JSONL   one line for each record, on disk when Write returns
//
// It decides nothing, and does not look at terminals or the environment: who makes a sink says
// whether it may use colours.
package report
