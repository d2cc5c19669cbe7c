package main

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
