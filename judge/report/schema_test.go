package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func compileSchema(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("schema.json", value))
	schema, err := c.Compile("schema.json")
	require.NoError(t, err)
	return schema
}

// asJSON is what a JSON decoder would have made of a value.
func asJSON(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	result, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return result
}

func taskValue(t *testing.T, text string) any {
	t.Helper()
	var value map[string]any
	_, err := toml.Decode(text, &value)
	require.NoError(t, err)
	return asJSON(t, value)
}

func TestTaskFilesFitTheSchema(t *testing.T) {
	schema := compileSchema(t, TaskSchema)
	var files []string
	for _, pattern := range []string{"../../fixtures/*/*.toml", "../../fixtures/*/*/*.toml", "../../cmd/judge/*/tasks.toml", "../languages.toml"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(taskValue(t, string(text))), file)
	}
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllSubmatch(readme, -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		assert.NoError(t, schema.Validate(taskValue(t, string(block[1]))), "%s", block[1])
	}
}

func TestTaskSchemaFindsMistakes(t *testing.T) {
	schema := compileSchema(t, TaskSchema)
	const task = "[[task]]\nname = \"x\"\n"
	require.NoError(t, schema.Validate(taskValue(t, task)))
	for _, row := range []struct{ name, text string }{
		{"unknown key", task + `timelimit = "1s"`},
		{"duration without unit", task + `limits = { time = "2" }`},
		{"duration with a word", task + `limits = { time = "2 secs" }`},
		{"duration as number", task + `limits = { time = 2 }`},
		{"size with a wrong unit", task + `limits = { memory = "256 megs" }`},
		{"no processes", task + `limits = { processes = 0 }`},
		{"checker", task + `checker = "token"`},
		{"verdict", task + `expect = { "a.c" = "WA" }`},
		{"judge-error cannot be expected", task + `expect = { "a.c" = "judge-error" }`},
		{"empty table of expectations", task + `expect = { "a.c" = {} }`},
		{"protocol", task + `checker = { source = "a.py", protocol = "domjudge" }`},
		{"no name", "[[task]]\nsubmissions = [\"*\"]"},
		{"name in defaults", "[defaults]\nname = \"x\""},
		{"network", task + `sandbox = { network = "host" }`},
		{"rerun_band", task + `rerun_band = "0.1"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			assert.Error(t, schema.Validate(taskValue(t, row.text)))
		})
	}
}

func TestRecordsFitTheSchema(t *testing.T) {
	schema := compileSchema(t, RecordSchema)
	for _, r := range newSampleBatch(1, 10, 5).hostile().interactive().records {
		line, err := judge.AppendRecord(nil, r)
		require.NoError(t, err)
		assertRecord(t, schema, line)
	}
	files, err := filepath.Glob("../../fixtures/*/want.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range bytes.Lines(text) {
			assertRecord(t, schema, wholeRecord(t, line))
		}
	}
	assert.Error(t, schema.Validate(asJSON(t, map[string]any{"schema": 1, "kind": "run", "verdict": "AC"})))
	assert.Error(t, schema.Validate(asJSON(t, map[string]any{"schema": 2, "kind": "run"})))
}

// wholeRecord adds what a wanted record lacks because it is not stable, and takes away what is there in
// another form.
func wholeRecord(t *testing.T, line []byte) []byte {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(line, &fields))
	fields["schema"] = judge.Schema
	delete(fields, "samples")
	delete(fields, "timing")
	for _, name := range []string{"stdout", "stderr"} {
		if capture, ok := fields[name].(map[string]any); ok {
			capture["bytes"] = 0
		}
	}
	result, err := json.Marshal(fields)
	require.NoError(t, err)
	return result
}

func assertRecord(t *testing.T, schema *jsonschema.Schema, line []byte) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	require.NoError(t, err, "%s", line)
	assert.NoError(t, schema.Validate(value), "%s", line)
}

// TestSchemaHasTheFieldsOfRecords wants each field of each object of a record in the schema, and no others.
func TestSchemaHasTheFieldsOfRecords(t *testing.T) {
	var schema struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal([]byte(RecordSchema), &schema))
	assertFields(t, json.RawMessage(RecordSchema), reflect.TypeFor[judge.Record]())
	for name, of := range map[string]reflect.Type{
		"capture": reflect.TypeFor[judge.Capture](), "limits": reflect.TypeFor[judge.RecordLimits](), "exit": reflect.TypeFor[judge.ExitRecord](),
		"message": reflect.TypeFor[judge.Message](), "group": reflect.TypeFor[judge.GroupResult](), "totals": reflect.TypeFor[judge.Totals](),
		"pass_at": reflect.TypeFor[judge.PassAt](), "sample": reflect.TypeFor[judge.Sample](), "timing": reflect.TypeFor[judge.Timing](),
		"judge": reflect.TypeFor[judge.JudgeInfo](),
	} {
		assertFields(t, schema.Defs[name], of)
		delete(schema.Defs, name)
	}
	assert.Equal(t, []string{"verdict"}, slices.Collect(maps.Keys(schema.Defs)), "other objects")
}

func assertFields(t *testing.T, schema json.RawMessage, of reflect.Type) {
	t.Helper()
	var object struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	require.NoError(t, json.Unmarshal(schema, &object), of)
	var fields []string
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	assert.Equal(t, fields, slices.Sorted(maps.Keys(object.Properties)), of)
}

// Verdicts of the schema are those that there are.
func TestSchemaHasTheVerdicts(t *testing.T) {
	schema := compileSchema(t, RecordSchema)
	for _, v := range judge.Verdicts {
		now := time.Now()
		line, err := judge.AppendRecord(nil, &judge.Record{Schema: judge.Schema, Kind: judge.KindRun, Verdict: v, StartedAt: &now})
		require.NoError(t, err)
		assertRecord(t, schema, line)
	}
}
