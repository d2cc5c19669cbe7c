package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// TestPackages judges each package of fixtures/packages, and again the task file that it is converted to.
func TestPackages(t *testing.T) {
	needsJudging(t)
	for _, name := range []string{"factors", "guess", "subarray", "polygon"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, "packages", name))))
			judged := judgeInput(t, dir, statusExpected)
			for _, r := range judged {
				if r.Kind == judge.KindSubmission {
					assert.True(t, *r.AsExpected, "%s: %s %s", r.Submission, r.Verdict, r.Message)
				}
			}
			var stderr bytes.Buffer
			err := convertFlags{}.convert(t.Context(), dir, io.Discard, &stderr)
			require.Empty(t, messageOf(err))
			for submission, score := range packageScores[name] {
				at := slices.IndexFunc(judged, func(r judge.Record) bool { return r.Kind == judge.KindSubmission && r.Submission == submission })
				require.GreaterOrEqual(t, at, 0, submission)
				assert.Equal(t, score, *judged[at].Score, submission)
			}
			converted := judgeInput(t, filepath.Join(dir, "tasks.toml"), statusExpected)
			assertLines(t, verdicts(judged), verdicts(converted))

			if name == "factors" {
				assert.Contains(t, stderr.String(), "problem.yaml: time limit ")
				text, err := os.ReadFile(filepath.Join(dir, "tasks.toml"))
				require.NoError(t, err)
				assert.Contains(t, string(text), "\n# time limit ")
			}
		})
	}
}

// packageScores are the points of those submissions that do not get all or none.
var packageScores = map[string]map[string]float64{
	"subarray": {
		"submissions/accepted/kadane.c":                 100,
		"submissions/partially_accepted/quadratic.py":   90,
		"submissions/partially_accepted/narrow.c":       90,
		"submissions/partially_accepted/empty_piece.sh": 70,
		"submissions/partially_accepted/crashes.cpp":    70,
		"submissions/wrong_answer/off_by_one.py":        0,
	},
	"polygon": {"solutions/main.cpp": 100, "solutions/narrow.sh": 40, "solutions/linear.py": 65},
}

// TestMeasuredTimeLimitIsNotResumed: another measurement would judge what is left by another limit.
func TestMeasuredTimeLimitIsNotResumed(t *testing.T) {
	dir := filepath.Join(fixtures, "packages", "factors")
	err := runFlags{resume: true, out: filepath.Join(t.TempDir(), "records.jsonl")}.run(t.Context(), []string{dir}, io.Discard, io.Discard)
	assert.Equal(t, "judge: --resume: "+dir+"/problem.yaml leaves its time limit to be measured: judge what judge convert writes of it", messageOf(err))
}

// TestPackageOfAnArchive judges one submission of a package that is zipped.
func TestPackageOfAnArchive(t *testing.T) {
	needsJudging(t)
	archive := filepath.Join(t.TempDir(), "roots.zip")
	file, err := os.Create(archive)
	require.NoError(t, err)
	w := zip.NewWriter(file)
	require.NoError(t, w.AddFS(os.DirFS(filepath.Join(fixtures, "packages", "polygon"))))
	require.NoError(t, w.Close())
	require.NoError(t, file.Close())
	records := judgeInput(t, archive, statusExpected, "*/solutions/newton.c")
	assert.Len(t, slices.DeleteFunc(records, func(r judge.Record) bool { return r.Kind != judge.KindRun }), 5)

	err = convertFlags{}.convert(t.Context(), archive, io.Discard, io.Discard)
	assert.ErrorContains(t, err, "unpack it first")
}

func TestPackageInputsAreValidated(t *testing.T) {
	needsJudging(t)
	for _, name := range []string{"guess", "polygon"} {
		f := runFlags{format: formatNone, validate: true, only: []string{"*/*/accepted/binary.c", "*/*/newton.c"}}
		dir := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, "packages", name))))
		f.only = []string{map[string]string{"guess": "*/submissions/accepted/binary.c", "polygon": "*/solutions/newton.c"}[name]}
		require.Empty(t, messageOf(f.run(t.Context(), []string{dir}, io.Discard, io.Discard)))

		input := filepath.Join(dir, map[string]string{"guess": "data/secret/0500.in", "polygon": "tests/03"}[name])
		require.NoError(t, os.WriteFile(input, []byte("0\n"), 0o644))
		err := f.run(t.Context(), []string{dir}, io.Discard, io.Discard)
		assert.Equal(t, statusUsage, statusOf(err))
		assert.True(t, strings.HasPrefix(messageOf(err), input+`: task "`), "%v", err)
	}
}

// TestValidatorThatDoesNotCompile says so once for each submission that it cannot judge, and blames none.
func TestValidatorThatDoesNotCompile(t *testing.T) {
	needsJudging(t)
	dir := filepath.Join(t.TempDir(), "guess")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, "packages", "guess"))))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "output_validators/guess/validate.cc"), []byte("int main( {}\n"), 0o644))
	records := judgeInput(t, dir, statusHost, "*/submissions/accepted/binary.py")
	last := records[slices.IndexFunc(records, func(r judge.Record) bool { return r.Kind == judge.KindSubmission })]
	assert.Equal(t, judge.JudgeError, last.Verdict)
	assert.Contains(t, last.Message, "interactor output_validators/guess: does not compile")
}

// TestValidatorWithScripts has one that a script builds and another runs, neither of them executable.
func TestValidatorWithScripts(t *testing.T) {
	needsJudging(t)
	dir := filepath.Join(t.TempDir(), "guess")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, "packages", "guess"))))
	write("output_validators/guess/build", "#!/bin/sh\nc++ -O1 -o guess validate.cc\n")(t, dir)
	write("output_validators/guess/run", "#!/bin/sh\nexec ./guess \"$@\"\n")(t, dir)
	records := judgeInput(t, dir, statusExpected, "*/submissions/*/*.py")
	assert.Contains(t, verdicts(records), "run guess submissions/accepted/binary.py python secret/1000 accepted interactor output_validators/guess/build\n")
	write("output_validators/guess/build", "#!/bin/sh\necho no luck\nexit 1\n")(t, dir)
	records = judgeInput(t, dir, statusHost, "*/submissions/accepted/binary.py")
	last := records[slices.IndexFunc(records, func(r judge.Record) bool { return r.Kind == judge.KindSubmission })]
	assert.Contains(t, last.Message, "interactor output_validators/guess/build: does not compile")
}

// judgeInput is `judge run` of one path.
func judgeInput(t *testing.T, path string, status int, only ...string) []judge.Record {
	t.Helper()
	f := runFlags{format: formatNone, out: filepath.Join(t.TempDir(), "records.jsonl"), only: only}
	var stderr bytes.Buffer
	err := f.run(t.Context(), []string{path}, io.Discard, &stderr)
	require.Equal(t, status, statusOf(err), "%s%s", stderr.String(), messageOf(err))
	return readRecords(t, f.out)
}

// verdicts are a line for each run and submission.
func verdicts(records []judge.Record) string {
	var b strings.Builder
	for _, r := range records {
		if r.Kind != judge.KindRun && r.Kind != judge.KindSubmission {
			continue
		}
		line := []string{r.Kind, r.Task, r.Submission, r.Language, r.Test, string(r.Verdict), r.Checker}
		for _, v := range r.Expected {
			line = append(line, string(v))
		}
		if r.Score != nil {
			line = append(line, strconv.FormatFloat(*r.Score, 'g', -1, 64))
		}
		b.WriteString(strings.Join(line, " ") + "\n")
	}
	return b.String()
}

func TestConvertOverwritesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "guess")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, "packages", "guess"))))
	out := filepath.Join(t.TempDir(), "sub.toml")
	require.Empty(t, messageOf(convertFlags{out: out}.convert(t.Context(), dir, io.Discard, io.Discard)))
	_, err := judge.Load(out)
	require.NoError(t, err, "names lead from the task file to the package")
	err = convertFlags{out: out}.convert(t.Context(), dir, io.Discard, io.Discard)
	assert.Equal(t, "judge: write "+out+": is there already: remove it, or name another file with --out", messageOf(err))
	assert.Equal(t, statusUsage, statusOf(err))
}

// TestConvertRefusesBeforeItMeasures: a package whose time limit is measured can take minutes.
func TestConvertRefusesBeforeItMeasures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "factors")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, "packages", "factors"))))
	file := filepath.Join(dir, "tasks.toml")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for out, want := range map[string]string{
		"":                               "write " + file + ": is there already: remove it, or name another file with --out",
		filepath.Join(dir, "no", "file"): "--out " + filepath.Join(dir, "no", "file") + ": there is no directory " + filepath.Join(dir, "no") + ": make it, or name another file",
	} {
		var stderr strings.Builder
		err := convertFlags{out: out}.convert(t.Context(), dir, io.Discard, &stderr)
		assert.Equal(t, "judge: "+want, messageOf(err))
		assert.Empty(t, stderr.String(), "what was measured")
	}
}
