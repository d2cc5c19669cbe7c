package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// TestDocumentsHaveOnlyWhatIsTested: a block of another kind would be tested by nobody.
func TestDocumentsHaveOnlyWhatIsTested(t *testing.T) {
	for name, page := range documents(t) {
		for _, f := range fences(page) {
			assert.Contains(t, []string{"toml", "console", "json", "go", "conf"}, f.kind, "%s:\n%s", name, f.text)
		}
		for line := range strings.Lines(page) {
			if !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "{") {
				assert.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), 160, "%s: %s", name, line)
			}
		}
	}
}

func TestDocumentedTasksLoad(t *testing.T) {
	for name, page := range documents(t) {
		for i, f := range fences(page) {
			if f.kind != "toml" {
				continue
			}
			t.Run(fmt.Sprintf("%s %d", name, i+1), func(t *testing.T) {
				dir := stage(t, "testdata/help")
				if name == "README.md" {
					dir = stage(t, fixtures+"/quickstart")
				}
				file := filepath.Join(dir, "snippet.toml")
				require.NoError(t, os.WriteFile(file, []byte(whole(f.text)), 0o644))
				_, err := judge.Load(file)
				assert.NoError(t, err)
			})
		}
	}
}

// TestDocumentedCommandsRun runs the commands of each page, one after the other. What is shown of their output is
// compared but for figures and blanks.
func TestDocumentedCommandsRun(t *testing.T) {
	needsJudging(t)
	for name, page := range documents(t) {
		t.Run(name, func(t *testing.T) {
			dir := stage(t, "testdata/help")
			if name == "README.md" {
				dir = "../.."
			}
			env := append(os.Environ(), "GOBIN="+t.TempDir(), "GOFLAGS=-buildvcs=false", "XDG_STATE_HOME="+t.TempDir())
			services := &documentedServices{t: t, dir: dir, env: env}
			for _, f := range fences(page) {
				switch f.kind {
				case "conf":
					services.configure(f.text)
				case "console":
					for _, step := range strings.Split("\n"+f.text, "\n$ ")[1:] {
						command, want := commandOf(t, step)
						if services.start(command) {
							continue
						}
						cmd := exec.Command("bash", "-c", services.addressed(command))
						cmd.Dir, cmd.Env = dir, env
						begin := time.Now()
						output, err := cmd.CombinedOutput()
						t.Log(time.Since(begin).Round(time.Millisecond), command)
						require.NoError(t, err, "%s\n%s", command, output)
						if strings.TrimSpace(want) != "" {
							assert.Equal(t, withoutFigures(want), withoutFigures(string(output)), command)
						}
					}
				}
			}
		})
	}
}

// TestFirstStepsOfTheReadme types what the table of README's section says, in a directory as it says.
func TestFirstStepsOfTheReadme(t *testing.T) {
	needsJudging(t)
	_, section, found := strings.Cut(documents(t)["README.md"], "## A task of your own")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	dir := filepath.Join(t.TempDir(), "sum")
	require.NoError(t, os.Mkdir(dir, 0o755))
	for name, text := range map[string]string{
		"solution.py": "print(sum(map(int, input().split())))\n", "1.in": "1 2\n", "1.ans": "3\n",
		"wa_greedy.cpp": "#include <cstdio>\nint main() { puts(\"12\"); }\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	commands := regexp.MustCompile("(?m)^\\| `(judge [^`]*)`").FindAllStringSubmatch(section, -1)
	require.NotEmpty(t, commands)
	for _, m := range commands {
		if strings.Contains(m[1], "selftest") || strings.Contains(m[1], "DIR") {
			continue // has tests of its own, and takes minutes; is a placeholder
		}
		cmd := exec.Command("bash", "-c", m[1])
		cmd.Dir = dir
		output, err := cmd.CombinedOutput()
		assert.NoError(t, err, "%s\n%s", m[1], output)
	}
}

var (
	figure = regexp.MustCompile(`[0-9]+(\.[0-9]+)?(ms|s|B|KiB|MiB|GiB)?\b`)
	blanks = regexp.MustCompile(`[ ─-]+`)
)

// withoutFigures is a text without what differs from run to run, and without the layout that follows from that.
func withoutFigures(text string) string {
	return strings.TrimSpace(blanks.ReplaceAllString(figure.ReplaceAllString(text, "N"), " "))
}

// TestDocumentedRecordsAreRecords refuses fields that records do not have.
func TestDocumentedRecordsAreRecords(t *testing.T) {
	fields := map[string]bool{}
	for name, page := range documents(t) {
		for _, f := range fences(page) {
			if f.kind != "json" {
				continue
			}
			for line := range strings.Lines(f.text) {
				decoder := json.NewDecoder(strings.NewReader(line))
				decoder.DisallowUnknownFields()
				var r judge.Record
				require.NoError(t, decoder.Decode(&r), "%s: %s", name, line)
				fields[r.Kind] = true
			}
		}
	}
	for _, kind := range []string{judge.KindCompile, judge.KindRun, judge.KindSubmission, judge.KindSummary} {
		assert.True(t, fields[kind], "there is no example of %s", kind)
	}
}

// TestDocumentedProgramsAreExamples: what the page shows is what go test runs.
func TestDocumentedProgramsAreExamples(t *testing.T) {
	var examples strings.Builder
	for _, name := range []string{"../../judge/example_test.go", "../../judge/queue/example_test.go"} {
		example, err := os.ReadFile(name)
		require.NoError(t, err)
		examples.Write(example)
	}
	found := 0
	for _, f := range fences(helpPage("library")) {
		if f.kind == "go" {
			found++
			assert.Contains(t, examples.String(), strings.TrimSpace(f.text))
		}
	}
	assert.Equal(t, 2, found)
}

var mentioned = regexp.MustCompile("`judge ([a-z][^`]*)`")

// TestDocumentedFlagsExist looks at commands that are mentioned in a line of text.
func TestDocumentedFlagsExist(t *testing.T) {
	root := newRoot()
	for name, page := range documents(t) {
		for _, m := range mentioned.FindAllStringSubmatch(page, -1) {
			words := strings.Fields(m[1])
			i := commandIndex(root, words[0])
			if !assert.GreaterOrEqual(t, i, 0, "%s: judge %s", name, m[1]) {
				continue
			}
			cmd := root.Commands()[i]
			cmd.InitDefaultHelpFlag()
			for _, word := range words[1:] {
				if flag, ok := strings.CutPrefix(word, "--"); ok && flag != "" {
					flag, _, _ = strings.Cut(flag, "=")
					assert.NotNil(t, cmd.Flags().Lookup(flag), "%s: judge %s", name, m[1])
				}
			}
			if words[0] == "help" && len(words) == 2 && words[1] != "TOPIC" {
				assert.GreaterOrEqual(t, commandIndex(root, words[1]), 0, "%s: judge %s", name, m[1])
			}
		}
	}
}

func commandIndex(root *cobra.Command, name string) int {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for i, c := range root.Commands() {
		if c.Name() == name {
			return i
		}
	}
	return -1
}

// TestEveryTaskKeyIsDocumented reads the keys from the schema that judge prints.
func TestEveryTaskKeyIsDocumented(t *testing.T) {
	var out bytes.Buffer
	require.Equal(t, statusExpected, run([]string{"schema", "task"}, &out, os.Stderr))
	var schema any
	require.NoError(t, json.Unmarshal(out.Bytes(), &schema))
	page := helpPage("tasks")
	var look func(any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if properties, ok := v["properties"].(map[string]any); ok {
				for key := range properties {
					assert.True(t, regexp.MustCompile(`\b`+regexp.QuoteMeta(key)+`\b`).MatchString(page), "key %s", key)
				}
			}
			for _, child := range v {
				look(child)
			}
		case []any:
			for _, child := range v {
				look(child)
			}
		}
	}
	look(schema)
}

func TestHelp(t *testing.T) {
	for _, row := range []struct {
		args   []string
		status int
		out    string
		err    string
	}{
		{[]string{"help", "tasks"}, statusExpected, "# Writing tasks", ""},
		{[]string{"tasks"}, statusExpected, "# Writing tasks", ""},
		{[]string{"help", "run"}, statusExpected, "Exit status", ""},
		{[]string{"help"}, statusExpected, "Additional help topics", ""},
		{[]string{"help", "verdict"}, statusUsage, "", "did you mean verdicts?"},
		{[]string{"help", "zebra"}, statusUsage, "", "judge help lists them"},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			var out, err bytes.Buffer
			assert.Equal(t, row.status, run(row.args, &out, &err))
			assert.Contains(t, out.String(), row.out)
			assert.Contains(t, err.String(), row.err)
		})
	}
}
