package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// TestLargeInputIsReadToItsEnd has an input that no repository wants to hold, read by several runs.
func TestLargeInputIsReadToItsEnd(t *testing.T) {
	needsJudging(t)
	const size = 48 << 20
	file := writeTasks(t, fmt.Sprintf(`
		[[task]]
		name        = "count"
		submissions = ["1.sh", "2.sh"]
		test        = [{ input_file = "large", answer = "%d" }]
		limits      = { time = "5s", memory = "16MiB" }`, size))
	dir := filepath.Dir(file)
	require.NoError(t, os.WriteFile(dir+"/large", bytes.Repeat([]byte("0123456789abcde\n"), size/16), 0o644))
	for _, name := range []string{"1.sh", "2.sh"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("exec wc -c"), 0o644))
	}
	records, status := judgeFixture(t, dir, runFlags{})
	assert.Equal(t, statusExpected, status, "%+v", submissions(records))
}

// TestLayersAreTheWholeRoot runs a program in a root file system that has nothing of the host's.
func TestLayersAreTheWholeRoot(t *testing.T) {
	needsJudging(t)
	file := writeTasks(t, `
		[[task]]
		name    = "layers"
		command = ["look-around", "/bin", "/etc/colour", "/usr"]
		sandbox = { layers = ["lower", "upper"] }
		checker = "lines"
		test    = [{ input = "", answer = "/bin: directory\n/etc/colour: upper\n/usr: missing" }]`)
	dir := filepath.Dir(file)
	for name, text := range map[string]string{"lower/etc/colour": "lower", "upper/etc/colour": "upper", "look.c": lookAround} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	require.NoError(t, os.Mkdir(dir+"/lower/bin", 0o755))
	output, err := exec.Command("gcc", "-static", "-o", dir+"/lower/bin/look-around", dir+"/look.c").CombinedOutput()
	require.NoError(t, err, "%s", output)
	records, status := judgeFixture(t, dir, runFlags{})
	assert.Equal(t, statusExpected, status, "%+v", submissions(records))
}

// lookAround prints what each of its arguments is.
const lookAround = `
#include <stdio.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
	for (int i = 1; i < argc; i++) {
		struct stat st;
		char text[64] = "missing";
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			sprintf(text, "directory");
		FILE *f = fopen(argv[i], "r");
		if (f != NULL && !S_ISDIR(st.st_mode))
			fgets(text, sizeof text, f);
		printf("%s: %s\n", argv[i], text);
	}
}
`

// submissions are the records that say most in a failed test.
func submissions(records []judge.Record) []judge.Record {
	var result []judge.Record
	for _, r := range records {
		if r.Kind == judge.KindSubmission {
			result = append(result, r)
		}
	}
	return result
}
