package packages

import (
	"maps"
	"path"
	"slices"
)

// config is what testdata.yaml or test_group.yaml says, with what it inherits.
type config struct {
	at         value // for messages; zero: there is no file
	args       []string
	inputArgs  map[string][]string // by validator; "": of all
	outputArgs []string

	// Of legacy packages.
	goOn   bool // on_reject: continue
	flags  []string
	accept *float64

	// Of the others. They are not inherited.
	maxScore    *float64
	unbounded   bool
	aggregation string
	requirePass []string
}

func (k *kattis) readConfig(dir string, parent config) (config, error) {
	switch {
	case k.testdata:
		return k.readTestdata(dir, parent)
	case k.has(path.Join(dir, "testdata.yaml")):
		return config{}, k.tree.fail(path.Join(dir, "testdata.yaml"), "is of legacy packages: want test_group.yaml")
	}
	return k.readTestGroup(dir, parent)
}

// readTestdata reads the testdata.yaml of a legacy package. What it does not say is as in the directory above.
func (k *kattis) readTestdata(dir string, parent config) (config, error) {
	v, ok, err := k.yamlFile(path.Join(dir, "testdata.yaml"))
	if err != nil || !ok {
		return parent, err
	}
	c := parent
	c.at = v
	known := keys{
		"on_reject": func(v value) error {
			switch text, _ := v.text(); text {
			case "break", "continue", "grade":
				c.goOn = text == "continue"
			default:
				return v.fail(`%q: want "break" or "continue"`, text)
			}
			return nil
		},
		"grading": func(v value) error {
			if text, _ := v.text(); text != "default" {
				return v.fail("%q: only the default grader is supported", text)
			}
			return nil
		},
		"grader_flags": func(v value) (err error) { c.flags, err = v.words(); return err },
		"input_validator_flags": func(v value) error {
			return readFlags(v, func(name string, f []string) { c.inputArgs = map[string][]string{name: f} })
		},
		"output_validator_flags": func(v value) error {
			return readFlags(v, func(_ string, f []string) { c.outputArgs = f })
		},
		"accept_score": func(v value) error {
			n, err := v.number(0)
			c.accept = &n
			return err
		},
		"reject_score": func(v value) error {
			n, err := v.number(0)
			if err == nil && n != 0 {
				err = v.fail("%g: points for what is rejected are not supported", n)
			}
			return err
		},
		"range": nil, // a check of the package: it says which scores are possible
	}
	if k.draft {
		maps.Copy(known, c.arguments())
	}
	return c, v.read(known)
}

// readFlags reads flags of all validators, or of one by name.
func readFlags(v value, set func(name string, flags []string)) error {
	if !v.isMap() {
		words, err := v.words()
		set("", words)
		return err
	}
	name, flags := "", []string(nil)
	err := v.read(keys{
		"name":  func(v value) (err error) { name, err = v.text(); return err },
		"flags": func(v value) (err error) { flags, err = v.words(); return err },
	})
	set(name, flags)
	return err
}

// readTestGroup reads the test_group.yaml of a package that is not legacy. What it does not say of scores is not inherited.
func (k *kattis) readTestGroup(dir string, parent config) (config, error) {
	c := config{args: parent.args, inputArgs: parent.inputArgs, outputArgs: parent.outputArgs}
	v, ok, err := k.yamlFile(path.Join(dir, "test_group.yaml"))
	if err != nil || !ok {
		return c, err
	}
	c.at = v
	known := c.arguments()
	for _, word := range []string{"input_visualizer_args", "output_visualizer_args", "full_feedback"} {
		known[word] = nil
	}
	known["static_validator_args"] = nil
	known["static_validation_score"] = func(v value) error { return v.fail("static validators are not supported") }
	known["max_score"] = func(v value) error {
		if text, _ := v.text(); text == "unbounded" {
			c.unbounded = true
			return nil
		}
		n, err := v.number(0)
		c.maxScore = &n
		return err
	}
	known["score_aggregation"] = func(v value) error {
		c.aggregation, _ = v.text()
		if !slices.Contains([]string{"pass-fail", "sum", "min"}, c.aggregation) {
			return v.fail(`%q: want "pass-fail", "sum" or "min"`, c.aggregation)
		}
		return nil
	}
	known["require_pass"] = func(v value) (err error) { c.requirePass, err = v.texts(); return err }
	return c, v.read(known)
}

// arguments are the keys that a test may have as well as its group.
func (c *config) arguments() keys {
	return keys{
		"args":                  func(v value) (err error) { c.args, err = v.texts(); return err },
		"output_validator_args": func(v value) (err error) { c.outputArgs, err = v.texts(); return err },
		"input_validator_args": func(v value) error {
			c.inputArgs = map[string][]string{}
			if !v.isMap() {
				list, err := v.texts()
				c.inputArgs[""] = list
				return err
			}
			pairs, err := v.pairs()
			for _, p := range pairs {
				if c.inputArgs[p.key], err = p.texts(); err != nil {
					return err
				}
			}
			return err
		},
	}
}
