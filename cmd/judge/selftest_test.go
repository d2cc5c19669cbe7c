package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"judge/fixtures/hostile"
	"judge/judge"
	"judge/judge/report"
	"judge/judge/selftest"
)

func TestSelftestRunsWhatIsAskedFor(t *testing.T) {
	needsJudging(t)
	var stdout, stderr bytes.Buffer
	status := run([]string{"selftest", "--only", "leak_env", "--only", "sig_stop*"}, &stdout, &stderr)
	assert.Equal(t, statusExpected, status, stderr.String())
	assert.Empty(t, stderr.String(), "there is no progress in a pipe")
	assert.Regexp(t, `(?m)^leak_env\.c +leak +accepted +held$`, stdout.String())
	assert.Regexp(t, `(?m)^sig_stop_self\.c +exhaustion-time +time-limit +idle +held$`, stdout.String())
	assert.True(t, strings.HasSuffix(stdout.String(), "\n2 held, 0 did not, 0 not run\n"), stdout.String())
}

func TestSelftestLists(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, statusExpected, run([]string{"selftest", "--list", "--only", "pair_flock*"}, &stdout, &stderr))
	assert.Equal(t, "attack        category  stage  what it tries\n"+
		"pair_flock.c  exchange  pair   two runs talk by locks (flock) on the files that they share\n", stdout.String())
}

func TestSelftestRefusesMistakes(t *testing.T) {
	for pattern, want := range map[string]string{
		"nothing_like_this": "judge: --only nothing_like_this: there is no such program or category; --list shows them\n",
		"[":                 "judge: --only [: syntax error in pattern\n",
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, statusUsage, run([]string{"selftest", "--only", pattern}, &stdout, &stderr))
		assert.Equal(t, want, stderr.String())
	}
}

func TestHostileTableSaysWhy(t *testing.T) {
	program := func(file string) hostile.Program { return hostile.Program{File: file, Category: "leak"} }
	got := hostileTable([]selftest.Result{
		{Program: program("a.c"), Verdict: judge.Accepted},
		{Program: program("b.c"), Verdict: judge.TimeLimit, Reason: "cpu", Broken: []string{"one", "two"}},
		{Program: program("c.java"), Needs: "javac"},
	}, report.TableConfig{})
	assert.Equal(t, `attack  category  verdict          held
a.c     leak      accepted         held
b.c     leak      time-limit  cpu  NOT HELD: one
                                   two

not run: c.java needs javac
1 held, 1 did not, 1 not run
`, got)
}
