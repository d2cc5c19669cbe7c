package report

import _ "embed"

// TaskSchema is the JSON Schema (draft 2020-12) of task files, with which editors complete and check them.
// What depends on other files, or on other keys, it leaves to judge.
//
//go:embed schema/task.json
var TaskSchema string

// RecordSchema is the JSON Schema (draft 2020-12) of records. It allows fields that it does not know.
//
//go:embed schema/record.json
var RecordSchema string
