package packages

import (
	"slices"
	"strings"
	"time"
)

// kattis reads a package of Kattis' or the ICPC's.
type kattis struct {
	*problem
	tree
	manifest value

	legacy      bool
	draft       bool // of the format after legacy: it may have a legacy package's directories and files
	testdata    bool // it is testdata.yaml that says how tests are grouped
	scoring     bool
	interactive bool
	multiPass   bool
	custom      bool     // legacy: the package has an output validator of its own, and says so
	scores      bool     // the output validator gives scores
	flags       []string // legacy: of the output validator, for all tests

	toolTime   time.Duration
	toolMemory int64
	toolOutput int64
}

// readKattis reads everything in the order in which one thing needs another.
func readKattis(p *problem, t tree) error {
	k := &kattis{problem: p, tree: t}
	for _, step := range []func() error{k.readManifest, k.refuse, k.readData, k.readSubmissions} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (k *kattis) readManifest() error {
	v, ok, err := k.yamlFile("problem.yaml")
	switch {
	case err != nil:
		return err
	case !ok:
		return k.tree.fail("problem.yaml", "is empty")
	}
	k.manifest = v
	if err := k.readVersion(); err != nil {
		return err
	}
	k.defaults()
	known := keys{"problem_format_version": nil, "name": k.readName, "limits": k.readLimits}
	for _, word := range []string{"uuid", "version", "credits", "source", "license", "rights_owner", "embargo_until",
		"keywords", "languages"} {
		known[word] = nil // says nothing to a judge
	}
	known["type"] = k.readType
	if k.legacy {
		known["validation"] = k.readValidation
		known["validator_flags"] = func(v value) (err error) { k.flags, err = v.words(); return err }
		known["grading"] = k.readGrading
		known["author"], known["source_url"], known["libraries"] = nil, nil, nil
		known["validator_args"] = func(value) error {
			k.note("validator_args: is none of a legacy package's keys; only validator_flags is looked at")
			return nil
		}
	} else {
		if k.draft {
			known["source_url"] = nil
		}
		known["constants"] = nil // put in before
		known["allow_file_writing"] = func(v value) error {
			if text, _ := v.text(); text != "true" {
				k.note("allow_file_writing: a submission may write files in its work directory all the same")
			}
			return nil
		}
	}
	if err := v.read(known); err != nil {
		return err
	}
	return k.readOtherTimeLimits()
}

// readVersion is asked first: it says what the other keys mean.
func (k *kattis) readVersion() error {
	k.legacy = true
	pairs, err := k.manifest.pairs()
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if p.key != "problem_format_version" {
			continue
		}
		switch p.resolved().Value {
		case "legacy", "legacy-icpc":
		case "2025-09", "2025-09-draft":
			k.legacy = false
		case "2023-07", "2023-07-draft", "draft":
			k.legacy, k.draft = false, true
		default:
			return p.fail(`%q: want "legacy", "legacy-icpc" or "2025-09"`, p.resolved().Value)
		}
	}
	return nil
}

func (k *kattis) readName(v value) error {
	if !v.isMap() {
		name, err := v.text()
		k.title = name
		return err
	}
	names, err := v.pairs()
	if err != nil || len(names) == 0 {
		return err
	}
	at := max(0, slices.IndexFunc(names, func(n value) bool { return n.key == "en" }))
	k.title, err = names[at].text()
	return err
}

// readType reads the types: of old packages one, of new ones perhaps several.
func (k *kattis) readType(v value) error {
	types, err := v.texts()
	if err != nil {
		return err
	}
	if len(types) == 1 {
		types = strings.Fields(types[0])
	}
	known := []string{"pass-fail", "scoring", "interactive", "multi-pass"}
	for _, t := range types {
		switch t {
		case "pass-fail":
		case "scoring":
			k.scoring = true
		case "interactive":
			k.interactive = true
		case "multi-pass":
			k.multiPass = true
		case "submit-answer":
			return v.fail("submit-answer: submissions that are answers, not programs, are not supported")
		default:
			return v.fail("%q: unknown type: want one of %s", t, strings.Join(known, ", "))
		}
	}
	if len(types) == 0 {
		return v.fail("want one of %s", strings.Join(known, ", "))
	}
	if k.scoring && slices.Contains(types, "pass-fail") {
		return v.fail("pass-fail and scoring: want one of the two")
	}
	return nil
}

// readValidation reads the word of legacy packages: default, or custom and more.
func (k *kattis) readValidation(v value) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	words := strings.Fields(text)
	if len(words) == 0 || words[0] != "default" && words[0] != "custom" || words[0] == "default" && len(words) > 1 {
		return v.fail(`%q: want "default", or "custom" with interactive, score or multi-pass after it`, text)
	}
	k.custom = words[0] == "custom"
	for _, word := range words[1:] {
		switch word {
		case "interactive":
			k.interactive = true
		case "multi-pass", "multipass":
			k.multiPass = true
		case "score":
			k.scores = true
		default:
			return v.fail("%q: want interactive, score or multi-pass after custom", word)
		}
	}
	return nil
}

// readGrading reads how legacy packages score; what is left of it is in testdata.yaml.
func (k *kattis) readGrading(v value) error {
	return v.read(keys{
		"show_test_data_groups": nil,
		"objective": func(v value) error {
			if text, _ := v.text(); text != "max" {
				return v.fail("%q: only scores of which more is better are supported", text)
			}
			return nil
		},
		"custom_scoring": func(v value) error {
			if text, _ := v.text(); text == "true" {
				k.scores = true
			}
			return nil
		},
	})
}

// refuse finds what would give other verdicts here than elsewhere.
func (k *kattis) refuse() error {
	for _, dir := range []struct{ name, why string }{
		{"graders", "graders of a package's own are not supported: want groups of the default one"},
		{"static_validator", "static validators are not supported"},
	} {
		names, err := k.list(dir.name)
		if err != nil {
			return err
		}
		if len(names) > 0 {
			return k.tree.fail(dir.name, "%s", dir.why)
		}
	}
	return nil
}
