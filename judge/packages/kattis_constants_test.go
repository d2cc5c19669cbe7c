package packages

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// TestConstants: programs and groups' files have their values, test data do not, and the package stays as it is.
func TestConstants(t *testing.T) {
	f := files{
		"problem.yaml":              "problem_format_version: 2025-09\nname: x\nconstants:\n  six: 6\n  zero: 0.0\n  five: {value: 5, roman: V}\n",
		"data/secret/1.in":          "{{six}}",
		"data/secret/1.ans":         "",
		"submissions/accepted/b.py": "'{{seven}}' {six} {{ six }}",
	}
	dir := f.write(t)
	p, err := Open(dir)
	require.NoError(t, err)
	assert.Empty(t, p.Passing(), "nothing has constants")
	assert.Equal(t, dir, p.tree.root)

	maps.Copy(f, files{
		"submissions/accepted/a/main.py": "{{six}}{{five}}{{five.value}}{{five.roman}}{{six.roman}}{{seven}}",
		"output_validator/v/v.py":        "# {{zero}} and {{zero}}",
		"data/secret/test_group.yaml":    "output_validator_args: ['{{five}}']\n",
		"include/default/x.h":            "{{six}}",
		"input_validators/v.py":          "{{six}}",
	})
	dir = f.write(t)
	p, err = Open(dir)
	require.NoError(t, err)
	for name, want := range map[string]string{
		"submissions/accepted/a/main.py": "655V{{six.roman}}{{seven}}", "output_validator/v/v.py": "# 0.0 and 0.0",
		"data/secret/test_group.yaml": "output_validator_args: ['5']\n", "include/default/x.h": "6", "input_validators/v.py": "6",
		"data/secret/1.in": "{{six}}", "submissions/accepted/b.py": f["submissions/accepted/b.py"],
	} {
		text, ok, err := p.tree.text(name)
		require.NoError(t, err)
		require.True(t, ok, name)
		assert.Equal(t, want, text, name)
		before, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, f[name], string(before), name)
	}
	assert.Equal(t, []string{"5"}, p.checkerTool.args)
	assert.Equal(t, "write the values of its constants into its programs", p.Passing())
	_, err = judge.LoadFiles(p.TaskFile())
	require.NoError(t, err)
	copied := p.tree.root
	require.NoError(t, p.Close())
	assert.NoDirExists(t, copied)
}

// TestLinksOfACopy: the directory for temporary files may be a link.
func TestLinksOfACopy(t *testing.T) {
	temp := filepath.Join(t.TempDir(), "temp")
	require.NoError(t, os.Symlink(t.TempDir(), temp))
	f := files{"problem.yaml": "problem_format_version: 2025-09\nname: x\nconstants: {n: 5}\n", "submissions/accepted/a.py": "{{n}}"}
	dir := f.tests("secret/1").write(t)
	require.NoError(t, os.Symlink("a.py", filepath.Join(dir, "submissions/accepted/b.py")))
	t.Setenv("TMPDIR", temp)
	p, err := Open(dir)
	require.NoError(t, err)
	text, _, err := p.tree.text("submissions/accepted/b.py")
	require.NoError(t, err)
	assert.Equal(t, "5", text)
	require.NoError(t, p.Close())
}

// TestConstantsOfTestData: a file is one of a program or test data, and links do not make it both.
func TestConstantsOfTestData(t *testing.T) {
	for _, c := range []struct{ name, target, link, want string }{
		{"a program's file", "../../../data/secret/1.in", "submissions/accepted/b/1.in", "data/secret/1.in"},
		{"a program's directory", "../../../data/secret", "submissions/accepted/b/tests", "data/secret/1.in"},
		{"test data", "../../submissions/accepted/b/main.py", "data/secret/2.in", "data/secret/2.in"},
		{"a group's file", "../../submissions/accepted/b/group", "data/secret/test_group.yaml", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := files{
				"problem.yaml":                   "problem_format_version: 2025-09\nname: x\nconstants: {n: 5}\n",
				"data/secret/1.in":               "{{n}}",
				"data/secret/1.ans":              "",
				"submissions/accepted/b/main.py": "{{n}}",
				"submissions/accepted/b/group":   "output_validator_args: [float_tolerance, '{{n}}']",
			}
			if c.link == "data/secret/2.in" {
				f["data/secret/2.ans"] = ""
			}
			dir := f.write(t)
			require.NoError(t, os.Symlink(c.target, filepath.Join(dir, c.link)))
			p, err := Open(dir)
			if c.want != "" {
				require.ErrorContains(t, err, "/"+c.want+": a symbolic link makes it a file of a program too")
				return
			}
			require.NoError(t, err)
			text, _, err := p.tree.text(c.link)
			require.NoError(t, err)
			assert.Equal(t, "output_validator_args: [float_tolerance, '5']", text)
			require.NoError(t, p.Close())
		})
	}
}

// TestConstantsThatAreRefused leave no copy behind.
func TestConstantsThatAreRefused(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, tt := range []struct{ constants, program, link, want string }{
		{"{max-n: 5}", "", "", "/problem.yaml:3: max-n: want a name of letters, digits and _"},
		{"{n: [5]}", "", "", "/problem.yaml:3: n: want text"},
		{"{n: }", "", "", "/problem.yaml:3: n: want a number or text"},
		{"{n: {value: {value: 5}}}", "", "", "/problem.yaml:3: value: want text"},
		{"{n: " + strings.Repeat("5", 1<<20) + "}", strings.Repeat("{{n}}", 1<<10), "", "/submissions/accepted/a.py: its constants make the package's programs larger than 64 MiB"},
		{"{n: 5}", "{{n}}", "submissions/accepted/a.py", "/submissions/accepted/b.py: is a symbolic link that leads out of the package"},
	} {
		f := files{"problem.yaml": "problem_format_version: 2025-09\nname: x\nconstants: " + tt.constants + "\n", "submissions/accepted/a.py": tt.program}
		dir := f.tests("secret/1").write(t)
		if tt.link != "" {
			require.NoError(t, os.Symlink(filepath.Join(dir, tt.link), filepath.Join(dir, "submissions/accepted/b.py")))
		}
		_, err := Open(dir)
		require.ErrorContains(t, err, tt.want)
		if tt.link != "" {
			before, err := os.ReadFile(filepath.Join(dir, tt.link))
			require.NoError(t, err)
			assert.Equal(t, tt.program, string(before))
		}
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "judge-package-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
