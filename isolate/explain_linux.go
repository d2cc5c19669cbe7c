package isolate

import (
	"context"
	"fmt"
	"time"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
	"judge/isolate/internal/policy"
)

// Explain returns the system calls by which a program would be run, one a line, with what each is
// for. It makes none of them; places like /layer0 are in the intermediate's mount namespace. How the program gets into
// groups depends on their version: both ways are there, and say when they are taken.
func Explain(p Program) []string {
	root := p.Root
	if root == nil {
		root = &Root{}
	}
	spec := specOf(root)
	for _, b := range root.Binds {
		spec.Binds = append(spec.Binds, bindSpec{Target: b.Target, Writable: b.Writable})
	}
	plan, err := plan(spec, planKey{admission: withAdmission, tasks: [handshake.MaxTasks]int{1}})
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for _, part := range []struct {
		who   string
		steps []child.Step
	}{
		{"init", plan.Init}, {"init, when the program is cloned", plan.After},
		{"program, up to the gate", plan.Program}, {"program, when the gate is open", releaseSteps(p)},
	} {
		lines = append(lines, part.who+":")
		for _, s := range part.steps {
			lines = append(lines, "  "+s.String()+someRuns[s.Name])
		}
	}
	return lines
}

// someRuns says which runs have a step that not all have: those whose program is put into its groups, or puts itself.
var someRuns = map[string]string{
	"send admit":               ofVersion2,
	"await admitted":           ofVersion2,
	"keep a descriptor":        ofVersion1,
	"enter a control group":    ofVersion1,
	"close the control groups": ofVersion1,
}

const (
	ofVersion1 = " [each group, if all are of version 1]"
	ofVersion2 = " [if a group is of version 2]"
)

// Mechanisms names what keeps programs apart, for records, in a sandbox of the zero Config.
func Mechanisms() map[string]string { return Config{}.Mechanisms() }

// Mechanisms names what keeps programs apart in a sandbox of this configuration, and what does not.
func (c Config) Mechanisms() map[string]string {
	m := map[string]string{
		"namespaces": "user, pid, mount, cgroup" + c.Share.others(),
		"root":       "overlay",
		"seccomp":    "allow-list",
		"landlock":   "none",
	}
	if s, err := theStanding(); err == nil {
		m["ids"] = s.mapping.String() + c.IDs.described()
		if s.hostDevices() {
			m["devices"] = "the host's; files cannot be locked or watched"
		}
	}
	if c.Share != 0 {
		m["shared with the host"] = c.Share.String()
	}
	if abi := policy.ABI(); abi > 0 {
		m["landlock"] = fmt.Sprintf("version %d", abi)
	}
	return m
}

// Probe finds out by trying whether programs can be isolated here; an error says what is missing.
func Probe() error {
	s, err := New()
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	exit, err := s.Run(ctx, Program{Path: "true", Env: []string{"PATH=/usr/bin:/bin"}}, nil)
	if err != nil {
		return err
	}
	if exit.Status != 0 {
		return fmt.Errorf("run true in a sandbox: %s", describe(exit.Status))
	}
	return nil
}
