package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/judge/serve"
	"judge/judge/serve/door/doortest"
)

// servedFixtures are tasks of each kind: groups, scores, passes, interaction, checkers of their own.
var servedFixtures = []string{"groups", "scoring", "multipass", "interactive", "checker-kattis", "checker-testlib", "several-files"}

// unservedFixtures take long, and are like others of their fixture.
var unservedFixtures = []string{"subs/slow_sleep.py", "subs/slow_spin.c"}

// TestServiceJudgesAsRunDoes sends fixtures to a service, and wants the records and verdicts that `judge run` has of them.
func TestServiceJudgesAsRunDoes(t *testing.T) {
	needsJudging(t)
	q := doortest.Start(t, doortest.Languages{"bash": "", "c": "", "cpp": "", "python": ""}, nil)
	service := serve.New(serve.Options{Queue: q, Temp: t.TempDir()})
	t.Cleanup(func() { service.Close() })
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	for _, name := range servedFixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the worker has a place for each
			dir := filepath.Join(fixtures, name)
			golden, err := os.ReadFile(filepath.Join(dir, "want.jsonl"))
			require.NoError(t, err)
			tasks, err := judge.Load(dir)
			require.NoError(t, err)
			files := bundleFiles(t, dir)
			for i, text := range tasksOf(files["tasks.toml"]) {
				files["tasks.toml"] = text
				for _, s := range tasks[i].Submissions {
					if slices.Contains(unservedFixtures, s.Name) {
						continue
					}
					want := recordsOf(t, tasks[i].Name, s.Name, string(golden))
					answer := requestJSON(t, server.URL+"/v1/submissions?wait=60s", map[string]any{
						"task": map[string]any{"files": files}, "sources": submissionFiles(t, s), "name": s.Name,
						"all_tests": slices.Contains(fixtureAllTests, name),
					})
					require.Equal(t, "done", answer["state"], "%s: %v", s.Name, answer)
					last := want[len(want)-1]
					for _, key := range []string{"verdict", "score", "test"} {
						assert.Equal(t, last[key], answer[key], "%s: %s", s.Name, key)
					}
					records := recordsAt(t, server.URL+answer["links"].(map[string]any)["records"].(string))
					assertLines(t, linesOf(t, want), linesOf(t, recordsOf(t, tasks[i].Name, s.Name, stable(t, records, fixtureKeys[name]))))
				}
			}
		})
	}
}

// tasksOf divides a task file into one for each task, with what stands before all of them.
func tasksOf(text string) (files []string) {
	starts := regexp.MustCompile(`(?m)^\[\[task\]\]$`).FindAllStringIndex(text, -1)
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		files = append(files, text[:starts[0][0]]+text[start[0]:end])
	}
	return files
}

func bundleFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(at string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "want.jsonl" {
			return err
		}
		name, err := filepath.Rel(dir, at)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(at)
		files[name] = string(text)
		return err
	}))
	return files
}

// submissionFiles are its files with their content, as requests have them.
func submissionFiles(t *testing.T, s judge.Submission) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, f := range s.Files {
		text, err := os.ReadFile(f.Data.File)
		require.NoError(t, err)
		files[f.Name] = string(text)
	}
	return files
}

func requestJSON(t *testing.T, url string, body any) (answer map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	response, err := http.Post(url, "application/json", bytes.NewReader(text))
	require.NoError(t, err)
	defer response.Body.Close()
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	require.Equal(t, http.StatusOK, response.StatusCode, answer)
	return answer
}

func recordsAt(t *testing.T, url string) (records []judge.Record) {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	for lines := json.NewDecoder(response.Body); ; {
		var r judge.Record
		err := lines.Decode(&r)
		if err == io.EOF {
			return records
		}
		require.NoError(t, err)
		records = append(records, r)
	}
}

// recordsOf are those of a submission, without what is expected of it, which a service does not know.
func recordsOf(t *testing.T, task, submission, lines string) (records []map[string]any) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var r map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		if r["task"] != task || r["submission"] != submission {
			continue
		}
		for _, key := range []string{"expected", "expected_score", "as_expected"} {
			delete(r, key)
		}
		records = append(records, r)
	}
	require.NotEmpty(t, records, "%s of %s", submission, task)
	return records
}

func linesOf(t *testing.T, records []map[string]any) string {
	t.Helper()
	var b strings.Builder
	for _, r := range records {
		line, err := json.Marshal(r)
		require.NoError(t, err)
		b.Write(append(line, '\n'))
	}
	return b.String()
}
