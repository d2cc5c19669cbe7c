package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
	"judge/limits"
)

func TestDoctorPrints(t *testing.T) {
	good := diagnosis{
		kernel: "Linux 6.18.0, amd64", user: "root",
		isolation:  map[string]string{"root": "overlay", "seccomp": "allow-list"},
		mechanisms: map[string]string{"cpu": "cgroup v2 cpu.stat", "memory": "cgroup v2 memory"},
		languages:  []languageState{{name: "c", version: "gcc 12.2.0"}, {name: "cpp", missing: "g++"}},
	}
	left := good
	left.problems = []limits.Problem{{Limit: "left-over", Sentence: "Groups stay behind.", Fix: "nothing"}}
	swap := good
	swap.problems = []limits.Problem{{Limit: "swap", Sentence: "Swap is not counted.", Fix: "swapoff -a"}}
	fatal := good
	fatal.problems = []limits.Problem{{Limit: "memory", Sentence: "No control group can hold the memory limit.", Fix: "run as root", Fatal: true}}
	several := good
	several.problems = []limits.Problem{
		{Limit: "left-over", Sentence: "Groups stay behind.", Fix: "nothing"},
		{Limit: "swap", Sentence: "Swap is not counted.", Fix: "swapoff -a"},
		{Limit: "cpu", Sentence: "There is no control group for cpu (one\nand another).", Fix: "run as root", Fatal: true},
		{Limit: "memory", Sentence: "There is no control group for memory.", Fix: "run as root", Fatal: true},
	}
	broken := good
	broken.languages = []languageState{{name: "c", version: "gcc 12.2.0", problem: "runtime-error: ended by SIGSYS"}}
	ordinary := good
	ordinary.user = "user 1000"
	ordinary.isolation = map[string]string{"ids": "one id: init shares the program's user id (no line in /etc/subuid)", "landlock": "none"}
	ordinary.timing = timingNotes(func(string) string { return "1" }, func(string) []string { return nil })
	nothing := diagnosis{kernel: "Linux 4.19.0, amd64", user: "user 1000", sandbox: errors.New(
		`start the intermediate: operation not permitted: AppArmor keeps users from user namespaces: type "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"`)}

	for _, test := range []struct {
		name  string
		d     diagnosis
		exact bool
	}{
		{"good", good, true},
		{"left-over", left, true},
		{"swap", swap, false},
		{"fatal", fatal, false},
		{"several", several, false},
		{"broken-language", broken, false},
		{"ordinary", ordinary, true},
		{"nothing", nothing, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			require.NoError(t, test.d.print(&b))
			golden := filepath.Join("testdata", "doctor", test.name+".txt")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err, "run go test -update")
			assert.Equal(t, string(want), b.String())
			assert.Equal(t, test.exact, test.d.exact())
			b.Reset()
			require.NoError(t, test.d.printJSON(&b))
			var read struct {
				Exact    bool
				Problems []remark
			}
			require.NoError(t, json.Unmarshal([]byte(b.String()), &read))
			assert.Equal(t, test.exact, read.Exact)
			assert.Equal(t, test.exact, len(read.Problems) == 0)
		})
	}
}

func TestKillIsMissedWhereRunsHaveVersion2(t *testing.T) {
	for _, test := range []struct {
		name              string
		cpu, memory, kill string
		missed            bool
	}{
		{"version 2", "cgroup v2 cpu.stat", "cgroup v2 memory", "cgroup.kill", false},
		{"version 2 of an old kernel", "cgroup v2 cpu.stat", "cgroup v2 memory", "pid namespace", true},
		{"hybrid, CPU time in version 2", "cgroup v2 cpu.stat", "cgroup v1 memory", "pid namespace", true},
		{"hybrid, all in version 1", "cgroup v1 cpuacct", "cgroup v1 memory", "pid namespace", false},
		{"no groups", "rusage, RLIMIT_CPU", "max RSS, RLIMIT_AS", "pid namespace", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := diagnosis{mechanisms: map[string]string{"layout": "hybrid", "cpu": test.cpu, "memory": test.memory, "kill": test.kill}}
			missed := slices.ContainsFunc(d.notes(), func(r remark) bool { return strings.Contains(r.What, "cgroup.kill") })
			assert.Equal(t, test.missed, missed)
		})
	}
}

func TestTimingNotes(t *testing.T) {
	const cpus = "/sys/devices/system/cpu/"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing is known", nil, nil},
		{"quiet", map[string]string{
			cpus + "cpu0/cpufreq/scaling_governor": "performance", cpus + "intel_pstate/no_turbo": "1", cpus + "smt/active": "0",
			"/proc/pressure/cpu": "some avg10=9.99 avg60=50.00 avg300=0.00 total=1",
		}, nil},
		{"one CPU saves power", map[string]string{
			cpus + "cpu0/cpufreq/scaling_governor": "performance", cpus + "cpu1/cpufreq/scaling_governor": "powersave",
		}, []string{"CPUs change their clock"}},
		{"turbo and threads", map[string]string{cpus + "intel_pstate/no_turbo": "0", cpus + "smt/active": "1"}, []string{"Turbo is on", "Two threads share"}},
		{"boost", map[string]string{cpus + "cpufreq/boost": "1"}, []string{"Boost is on"}},
		{"busy", map[string]string{"/proc/pressure/cpu": "some avg10=73.20 avg60=1.00"}, []string{"busy: tasks waited for a CPU in 73 %"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			read := func(name string) string { return test.files[name] }
			list := func(pattern string) (names []string) {
				for name := range test.files {
					if ok, _ := filepath.Match(pattern, name); ok {
						names = append(names, name)
					}
				}
				return names
			}
			got := timingNotes(read, list)
			require.Len(t, got, len(test.want))
			for i, want := range test.want {
				assert.Contains(t, got[i].What, want)
				assert.NotEmpty(t, got[i].Fix)
			}
		})
	}
}

// TestEachLimitHasAMeaning: what a problem means for verdicts is never left open.
func TestEachLimitHasAMeaning(t *testing.T) {
	for _, limit := range []string{"cpu", "memory", "processes", "swap", "memory figure", "processes figure"} {
		assert.NotEmpty(t, withoutLimit[limit], limit)
	}
}

func TestLanguageStateLearnsFromRecords(t *testing.T) {
	records := []*judge.Record{
		{Kind: judge.KindCompile, Language: "c", Compiler: "gcc 12"},
		{Kind: judge.KindSubmission, Language: "c", Verdict: judge.Accepted},
		{Kind: judge.KindCompile, Language: "python", Compiler: "Python 3\x1b[31m"},
		{Kind: judge.KindSubmission, Language: "python", Verdict: judge.RuntimeError, Message: "exit code 1"},
	}
	for _, test := range []struct {
		name string
		err  error
		want languageState
	}{
		{"c", nil, languageState{name: "c", version: "gcc 12"}},
		{"python", nil, languageState{name: "python", version: `Python 3\x1b[31m`, problem: "runtime-error: exit code 1"}},
		{"bash", errors.New("no cgroups"), languageState{name: "bash", problem: "no cgroups"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := languageState{name: test.name}
			l.learn(records, test.err)
			assert.Equal(t, test.want, l)
		})
	}
}

// TestHelloKnowsEachLanguage keeps doctor complete: a language that is built in has a program in hello.
func TestHelloKnowsEachLanguage(t *testing.T) {
	task, remove, err := helloTask()
	require.NoError(t, err)
	defer remove()
	_, err = judge.Load(writeTasks(t, `
		[[task]]
		name        = "t"
		submissions = ["x"]
		language    = "no such language"
		test        = [{ input = "", answer = "" }]`))
	require.Error(t, err)
	_, known, found := strings.Cut(err.Error(), "want one of ")
	require.True(t, found, err)
	known, _, _ = strings.Cut(known, "\n")
	var tried []string
	for _, s := range task.Submissions {
		tried = append(tried, s.Language.Name)
	}
	assert.ElementsMatch(t, strings.Split(known, ", "), tried)
}

func writeTasks(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tasks.toml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	return file
}
