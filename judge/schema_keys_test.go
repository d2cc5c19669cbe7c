package judge

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSchemaHasTheKeysOfTheLoader wants that neither knows a key that the other one does not.
func TestSchemaHasTheKeysOfTheLoader(t *testing.T) {
	type table struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var schema struct {
		table
		Defs map[string]table `json:"$defs"`
	}
	text, err := os.ReadFile("report/schema/task.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &schema))
	var defaults table
	require.NoError(t, json.Unmarshal(schema.Properties["defaults"], &defaults))

	assertKeys(t, "the file", fileKeys, schema.Properties)
	assertKeys(t, "task", taskKeys, schema.Defs["task"].Properties)
	withoutName := maps.Clone(taskKeys)
	delete(withoutName, "name")
	assertKeys(t, "defaults", withoutName, defaults.Properties)
	assertKeys(t, "limits", limitKeys, schema.Defs["limits"].Properties)
	assertKeys(t, "expect", expectKeys, schema.Defs["expected"].Properties)
	assertKeys(t, "program", programKeys, schema.Defs["program"].Properties)
	assertKeys(t, "test", inlineTestKeys, schema.Defs["test"].Properties)
	assertKeys(t, "group", groupKeys, schema.Defs["group"].Properties)
	assertKeys(t, "source", sourceKeys, schema.Defs["source"].Properties)
	assertKeys(t, "sandbox", sandboxKeys, schema.Defs["sandbox"].Properties)
	assertKeys(t, "bind", bindKeys, schema.Defs["bind"].Properties)
	assertKeys(t, "language", languageKeys, schema.Defs["language"].Properties)
	assertKeys(t, "tool", toolKeys, schema.Defs["tool"].Properties)
	assertKeys(t, "validator", validatorKeys, schema.Defs["validator"].Properties)
	assertKeys(t, "interactor", interactorKeys, schema.Defs["interactor"].Properties)
}

func assertKeys[T any](t *testing.T, table string, known keys[T], inSchema map[string]json.RawMessage) {
	t.Helper()
	assert.Equal(t, slices.Sorted(maps.Keys(known)), slices.Sorted(maps.Keys(inSchema)), table)
}
