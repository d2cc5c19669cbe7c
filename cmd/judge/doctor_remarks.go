package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// wrong is what keeps judging from being exact, the most important first.
func (d diagnosis) wrong() []remark {
	var list []remark
	if d.sandbox != nil {
		list = append(list, remark{
			What:  fmt.Sprintf("No program can be run in a sandbox: %v.", d.sandbox),
			Means: "there are none: judge refuses to run programs, with --degraded as well",
			Fix:   sandboxFix(d.sandbox),
		})
	}
	for _, p := range d.problems {
		if inexact(p) && p.Fatal {
			list = append(list, remark{p.Sentence, "judge refuses to run programs; with --degraded, " + withoutLimit[p.Limit], p.Fix})
		}
	}
	for _, p := range d.problems {
		if inexact(p) && !p.Fatal {
			list = append(list, remark{p.Sentence, withoutLimit[p.Limit], p.Fix})
		}
	}
	for _, l := range d.languages {
		if l.problem != "" {
			list = append(list, remark{
				What:  fmt.Sprintf("Language %s is installed and does not work: %s.", l.name, l.problem),
				Means: "submissions in it fail, through no fault of theirs",
				Fix:   fmt.Sprintf("install it anew, or say with [language.%s] in the task file how it is run here", l.name),
			})
		}
	}
	return list
}

// withoutLimit says what becomes of verdicts on a host that lacks something, by limits.Problem.Limit.
var withoutLimit = map[string]string{
	"cpu":              "each process has the time limit for itself, so a program that starts others is accepted with more",
	"memory":           "each process has the limit for itself, as address space: too much memory shows as runtime-error, and runtimes that reserve much fail",
	"processes":        "the limit counts what all runs of the same user have started",
	"swap":             "a program over its memory limit becomes slow: time-limit where memory-limit would be right",
	"memory figure":    "they are the same; records have no memory of a run",
	"processes figure": "they are the same; records have no number of processes",
}

// typed finds the command that an error of the sandbox tells the user to type.
var typed = regexp.MustCompile(`type "([^"]+)"`)

func sandboxFix(err error) string {
	if m := typed.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return "read judge help isolation, which lists what the kernel has to have, and try as root: sudo judge doctor"
}

// notes are what does not keep judging from being exact, the most important first.
func (d diagnosis) notes() []remark {
	var list []remark
	if d.sandbox == nil {
		list = append(list, isolationNotes(d.isolation)...)
	}
	// It is a file of version 2 groups, so where runs have none there is nothing to say of the kernel.
	if !d.refuses() && d.mechanisms["kill"] == "pid namespace" && d.usesVersion2() {
		list = append(list, remark{"The kernel has no cgroup.kill.",
			"they are the same: the process namespace ends the programs of a run, a little later", "use a younger kernel (Linux 5.14)"})
	}
	list = append(list, d.timing...)
	for _, p := range d.problems {
		if !inexact(p) {
			list = append(list, remark{p.Sentence, "they are the same", p.Fix})
		}
	}
	return list
}

// usesVersion2 tells whether a run has a group of version 2: in a hybrid layout it may have none.
func (d diagnosis) usesVersion2() bool {
	for _, limit := range []string{"cpu", "memory", "processes"} {
		if strings.HasPrefix(d.mechanisms[limit], "cgroup v2 ") {
			return true
		}
	}
	return false
}

// isolationNotes are about walls that are thinner than they could be.
func isolationNotes(isolation map[string]string) []remark {
	var list []remark
	if ids := isolation["ids"]; strings.HasPrefix(ids, "one id") {
		list = append(list, remark{"Programs run under your own user id, because there is no other to give: " + ids + ".",
			"they are the same; namespaces, seccomp and Landlock keep programs from your files, and no user id does",
			`sudo apt-get install uidmap; sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"`})
	}
	if devices := isolation["devices"]; devices != "" {
		list = append(list, remark{"Device nodes are " + devices + ".",
			"a program that locks files gets EOPNOTSUPP", "run judge as root, which may make nodes of its own"})
	}
	switch isolation["landlock"] {
	case "none":
		list = append(list, remark{"The kernel has no Landlock.",
			`they are the same; the second wall around files is missing, and network = "user" is refused`,
			"use a younger kernel (Linux 5.19), and boot it with landlock in lsm="})
	case "version 2", "version 3":
		list = append(list, remark{"The kernel's Landlock cannot hold ports.",
			`they are the same; network = "user" is refused`, "use a younger kernel (Linux 6.7)"})
	}
	return list
}

// timingNotes are about what makes the same program take different times. read returns a file of the host,
// empty if there is none; files lists those that match a pattern.
func timingNotes(read func(name string) string, files func(pattern string) []string) []remark {
	const cpus = "/sys/devices/system/cpu/"
	const means = "a program near its time limit may be accepted once and not the next time; "
	var list []remark
	governor := func(name string) bool { return read(name) != "performance" }
	if governors := files(cpus + "cpu[0-9]*/cpufreq/scaling_governor"); slices.ContainsFunc(governors, governor) {
		list = append(list, remark{"CPUs change their clock with the load.", means + "rerun = 2 in the task helps",
			"echo performance | sudo tee " + cpus + "cpu*/cpufreq/scaling_governor"})
	}
	switch {
	case read(cpus+"intel_pstate/no_turbo") == "0":
		list = append(list, remark{"Turbo is on: CPUs are faster while others are idle.", means + "judge run --jobs 1 is faster than --jobs 2",
			"echo 1 | sudo tee " + cpus + "intel_pstate/no_turbo"})
	case read(cpus+"cpufreq/boost") == "1":
		list = append(list, remark{"Boost is on: CPUs are faster while others are idle.", means + "judge run --jobs 1 is faster than --jobs 2",
			"echo 0 | sudo tee " + cpus + "cpufreq/boost"})
	}
	if read(cpus+"smt/active") == "1" {
		list = append(list, remark{"Two threads share each core (SMT).", means + "a run is slower while its core's other thread is busy",
			"judge run --pin, which leaves the other threads idle; or: echo off | sudo tee " + cpus + "smt/control"})
	}
	if stall := pressure(read("/proc/pressure/cpu")); stall >= 10 {
		list = append(list, remark{fmt.Sprintf("The machine is busy: tasks waited for a CPU in %.0f %% of the last 10 seconds.", stall),
			means + "wall time passes while a program waits", "stop what else runs: top shows it"})
	}
	return list
}

// pressure is the share of the last 10 seconds in which some task waited, in percent (/proc/pressure).
func pressure(text string) (percent float64) {
	if _, rest, found := strings.Cut(text, "some avg10="); found {
		fmt.Sscanf(rest, "%f", &percent)
	}
	return percent
}
