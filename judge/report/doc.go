// Package report shows records to people and writes them for programs. Its sinks see Records only.
//
//	records in plan order ─┬─> Table   a table for each task, then a line that sums up
//	                       ├─> JSONL   one line for each record, on disk when Write returns
//	                       ├─> HTML    a page for a browser, one file, when it is closed
//	                       └─> JUnit   XML for continuous integration, when it is closed
//
// Progress is no sink: it draws at the foot of a terminal what a batch says of itself while it runs.
//
// TaskSchema and RecordSchema say in JSON Schema what task files and records may contain.
//
// It decides nothing, and does not look at terminals or the environment: who makes a sink says
// whether it may use colours.
package report
