package main

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
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

// TestMalformedPackages wants one message that says what is wrong and where.
func TestMalformedPackages(t *testing.T) {
	tests := []struct {
		name string
		of   string // a package of fixtures/packages; empty: an empty directory
		do   func(t *testing.T, dir string)
		want string // after the package's path
	}{
		{"no data", "factors", remove("data"), "/data/secret: there is no such directory: the package has no test data"},
		{"empty secret", "factors", func(t *testing.T, dir string) {
			remove("data/secret")(t, dir)
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "data/secret"), 0o755))
		}, "/data/secret: has no test case: want .in and .ans files"},
		{"bad YAML", "factors", write("problem.yaml", "name: a\n\tb: c\n"),
			"/problem.yaml:2: is not YAML: found a tab character that violates indentation\n    2 |  b: c"},
		{"empty YAML", "factors", write("problem.yaml", "# nothing\n"), "/problem.yaml: is empty"},
		{"a key twice", "guess", write("problem.yaml", "name: a\nlimits: {}\nname: b\n"), "/problem.yaml:3: name: is there twice\n    3 | name: b"},
		{"unknown key", "factors", edit("problem.yaml", "license:", "licence:"),
			"/problem.yaml:6: licence: is no key here: want one of allow_file_writing, constants, credits, embargo_until, keywords, languages, license, limits, name, problem_format_version, rights_owner, source, type, uuid, version\n    6 | licence: cc0"},
		{"unknown version", "factors", edit("problem.yaml", "2025-09", "2031-01"),
			`/problem.yaml:1: problem_format_version: "2031-01": want "legacy", "legacy-icpc" or "2025-09"` + "\n    1 | problem_format_version: 2031-01"},
		{"unknown type", "factors", edit("problem.yaml", "type: pass-fail", "type: golf"),
			`/problem.yaml:2: type: "golf": unknown type: want one of pass-fail, scoring, interactive, multi-pass` + "\n    2 | type: golf"},
		{"submit-answer", "factors", edit("problem.yaml", "type: pass-fail", "type: submit-answer"),
			"/problem.yaml:2: type: submit-answer: submissions that are answers, not programs, are not supported\n    2 | type: submit-answer"},
		{"unreadable limit", "factors", edit("problem.yaml", "memory: 256", "memory: plenty"),
			`/problem.yaml:9: memory: "plenty": want a number` + "\n    9 |   memory: plenty"},
		{"limits are no table", "guess", write("problem.yaml", "limits: 2\n"), "/problem.yaml:1: limits: want keys and values\n    1 | limits: 2"},
		{"unreadable time limit", "guess", write("domjudge-problem.ini", "timelimit='0'\n"), `/domjudge-problem.ini: time limit "0": want seconds`},
		{"unknown validation", "guess", edit("problem.yaml", "custom interactive", "custom telepathic"),
			`/problem.yaml:4: validation: "telepathic": want interactive, score or multi-pass after custom` + "\n    4 | validation: custom telepathic"},
		{"answer without input", "factors", remove("data/secret/2-square.in"),
			"/data/secret/2-square.ans: is an answer without input: there is no 2-square.in"},
		{"input without answer", "factors", remove("data/secret/2-square.ans"), "/data/secret/2-square.in: has no answer: there is no 2-square.ans"},
		{"no submissions", "factors", remove("submissions"), "/submissions: there is no such directory: the package has no submissions"},
		{"empty submissions", "guess", func(t *testing.T, dir string) {
			remove("submissions")(t, dir)
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "submissions/accepted"), 0o755))
		}, "/problem.yaml: the package has no submissions that can be judged"},
		{"nothing to measure", "factors", func(t *testing.T, dir string) {
			for _, name := range []string{"accepted", "wrong_answer", "run_time_error"} {
				remove("submissions/"+name)(t, dir)
			}
		}, "/problem.yaml: the time limit is to be calibrated, and there is no accepted submission to do it with"},
		{"two output validators", "guess", write("output_validators/other.py", "exit(42)\n"),
			"/output_validators: has two output validators, guess and other.py: want one"},
		{"no output validator", "guess", remove("output_validators"),
			"/problem.yaml: validation is custom, and there is no output validator in output_validators"},
		{"unknown flag", "subarray", edit("problem.yaml", "case_sensitive", "sensible"),
			`/problem.yaml: flags of the default output validator: "sensible": want case_sensitive, space_change_sensitive, float_tolerance N, float_absolute_tolerance N or float_relative_tolerance N`},
		{"unknown flag of a group", "subarray", edit("data/secret/3-long/testdata.yaml", "range:", "output_validator_flags: float_tolerance\nrange:"),
			"/problem.yaml: flags of the default output validator: float_tolerance: a number is missing after it"},
		{"custom grader", "subarray", edit("data/secret/testdata.yaml", "range:", "grading: custom\nrange:"),
			"/data/secret/testdata.yaml:3: grading: \"custom\": only the default grader is supported\n    3 | grading: custom"},
		{"best group", "subarray", edit("data/secret/testdata.yaml", "accept_if_any_accepted", "max"),
			"/data/secret/testdata.yaml:1: grader_flags max: the scores of several groups can only be added up here\n    1 | on_reject: continue"},
		{"included directory", "factors", write("include/default/sub/extra.h", "\n"),
			"/include/default/sub: directories of files that are compiled with every submission are not supported"},
		{"quotation without end", "subarray", edit("problem.yaml", "case_sensitive", "\"it's\""),
			`/problem.yaml:7: validator_flags: "it's": a quotation mark has no end` + "\n    7 | validator_flags: \"it's\""},
		{"a link out of the package", "factors", link("/etc/passwd", "data/secret/9.in"), "/data/secret/9.in: is a symbolic link that leads out of the package"},
		{"a link to nothing", "factors", link("nowhere", "data/secret/9.in"), "/data/secret/9.in: symbolic link: leads to no file"},
		{"bad expectation", "factors", write("submissions/submissions.yaml", "accepted:\n  permitted: [OK]\n"),
			`/submissions/submissions.yaml:2: permitted: "OK": want some of AC, WA, TLE and RTE` + "\n    2 |   permitted: [OK]"},
		{"bad comment", "factors", write("submissions/accepted/a.py", "# @EXPECTED_RESULTS@: FINE\n"),
			`/submissions/accepted/a.py: @EXPECTED_RESULTS@: unknown result "FINE"`},
		{"bad XML", "polygon", edit("problem.xml", "</problem>", ""), "/problem.xml:56: is not XML: unexpected EOF"},
		{"no test set", "", write("problem.xml", "<problem/>"), "/problem.xml: the package has no testset"},
		{"unreadable limits of Polygon's", "polygon", edit("problem.xml", "<time-limit>1000", "<time-limit>1s"), `/problem.xml: time-limit "1s": want milliseconds`},
		{"missing generated test", "polygon", remove("tests/05"), "/tests/05: there is no input of test 5: generated tests are in full packages only"},
		{"unknown tag", "polygon", edit("problem.xml", `"rejected"`, `"odd"`), `/problem.xml: solution solutions/narrow.sh: unknown tag "odd"`},
		{"a checker elsewhere", "polygon", edit("problem.xml", "files/check.cpp", "../check.cpp"), `/problem.xml: source "../check.cpp": there is no such file`},
		{"unknown policy", "polygon", edit("problem.xml", `"each-test"`, `"best"`), `/problem.xml: group large: points-policy "best": want complete-group or each-test`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "package")
			if tt.of != "" {
				require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, "packages", tt.of))))
			}
			tt.do(t, dir)
			err := runFlags{format: formatNone}.run(t.Context(), []string{dir}, io.Discard, io.Discard)
			assert.Equal(t, statusUsage, statusOf(err))
			assert.Equal(t, dir+tt.want, messageOf(err))
		})
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, name))) }
}

func write(name, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
	}
}

func edit(name, from, to string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Contains(t, string(text), from)
		write(name, strings.Replace(string(text), from, to, 1))(t, dir)
	}
}

func link(target, name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { require.NoError(t, os.Symlink(target, filepath.Join(dir, name))) }
}

// TestMalformedArchives wants the same of archives.
func TestMalformedArchives(t *testing.T) {
	tests := []struct {
		name    string
		entries []zip.FileHeader
		text    string // of each
		want    string
	}{
		{"leads out", []zip.FileHeader{{Name: "p/../../problem.yaml"}}, "", `entry "p/../../problem.yaml": leads out of the archive`},
		{"absolute", []zip.FileHeader{{Name: "/etc/problem.yaml"}}, "", `entry "/etc/problem.yaml": is an absolute name`},
		{"backslash", []zip.FileHeader{{Name: `p\problem.yaml`}}, "", `entry "p\\problem.yaml": want slashes between names, and no NUL`},
		{"twice", []zip.FileHeader{{Name: "problem.yaml"}, {Name: "problem.yaml"}}, "", `entry "problem.yaml": is there twice`},
		{"link", []zip.FileHeader{linkHeader("a.in")}, "/etc/passwd", `entry "a.in": is a symbolic link: archives may not have any`},
		{"no package", []zip.FileHeader{{Name: "p/readme.md"}}, "", "has no problem.yaml and no problem.xml"},
		{"a bomb", []zip.FileHeader{{Name: "problem.yaml", Method: zip.Deflate}}, strings.Repeat("0", 300<<20),
			`entry "problem.yaml": the archive holds far more than its size lets expect: it is taken for a decompression bomb`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			for i := range tt.entries {
				entry, err := w.CreateHeader(&tt.entries[i])
				require.NoError(t, err)
				_, err = io.WriteString(entry, tt.text)
				require.NoError(t, err)
			}
			require.NoError(t, w.Close())
			assert.Equal(t, tt.want, messageOfArchive(t, b.Bytes()))
		})
	}
	assert.Equal(t, "is no zip archive that can be read: zip: not a valid zip file", messageOfArchive(t, []byte("PK, but no more")))
}

func linkHeader(name string) zip.FileHeader {
	h := zip.FileHeader{Name: name}
	h.SetMode(fs.ModeSymlink | 0o777)
	return h
}

// messageOfArchive is what judge run says of an archive, without its name.
func messageOfArchive(t *testing.T, content []byte) string {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "package.zip")
	require.NoError(t, os.WriteFile(archive, content, 0o644))
	err := runFlags{format: formatNone}.run(t.Context(), []string{archive}, io.Discard, io.Discard)
	assert.Equal(t, statusUsage, statusOf(err))
	return strings.TrimPrefix(messageOf(err), archive+": ")
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
