package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents are the pages, and the README, by the directory that their commands are run in.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, topic := range helpTopics {
		pages["help/"+topic+".md"] = helpPage(topic)
	}
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	pages["README.md"] = string(readme)
	return pages
}

// fence is a block of a page.
type fence struct{ kind, text string }

var fencePattern = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

func fences(page string) []fence {
	var list []fence
	for _, m := range fencePattern.FindAllStringSubmatch(page, -1) {
		list = append(list, fence{m[1], m[2]})
	}
	return list
}

// whole makes a task file of a part of one.
func whole(snippet string) string {
	if strings.Contains(snippet, "[[task]]") {
		return snippet
	}
	task := "[[task]]\nname = \"snippet\"\n"
	if !strings.Contains(snippet, "[task.source]") {
		task += "submissions = [\"solutions/*\"]\n"
	}
	if !strings.Contains(snippet, "[[task.test]]") {
		task += "tests = [\"tests/*.in\"]\n"
	}
	return task + snippet
}

// stage copies a directory to one that commands may write to.
func stage(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "stage")
	require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

// commandOf is what a step begins with: lines until bash misses nothing, such as the end of a here-document. The
// rest is what the command prints.
func commandOf(t *testing.T, step string) (command, printed string) {
	t.Helper()
	lines := strings.SplitAfter(step, "\n")
	for i := range lines {
		command = strings.Join(lines[:i+1], "")
		if strings.HasSuffix(command, "\\\n") {
			continue
		}
		if complaint, _ := exec.Command("bash", "-n", "-c", command).CombinedOutput(); len(complaint) == 0 {
			return command, strings.Join(lines[i+1:], "")
		}
	}
	require.Fail(t, "bash does not understand it", step)
	return "", ""
}
