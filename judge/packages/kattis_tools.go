package packages

import (
	"path"
	"slices"
	"strings"

	"judge/judge"
)

// readTools finds who judges the output and who looks at the inputs.
func (k *kattis) readTools(tests []*dataTest) error {
	if err := k.readOutputValidator(tests); err != nil {
		return err
	}
	if k.multiPass {
		if k.checkerTool == nil && k.interactor == nil {
			return k.tree.fail("problem.yaml", "is multi-pass and has no output validator to say what the next pass gets")
		}
		if k.passes == 0 {
			k.passes = kattisPasses
		}
	} else {
		k.passes = 0
	}
	return k.readInputValidators(tests)
}

func (k *kattis) readOutputValidator(tests []*dataTest) error {
	args := k.outputArgs(tests)
	found, err := k.outputValidators()
	if err != nil {
		return err
	}
	if k.legacy && !k.custom {
		found = nil // validation: default
	}
	switch {
	case len(found) > 1:
		return k.tree.fail(path.Dir(found[1].source[0]), "has two output validators, %s and %s: want one",
			path.Base(found[0].source[0]), path.Base(found[1].source[0]))
	case len(found) == 0 && k.custom:
		return k.tree.fail("problem.yaml", "validation is custom, and there is no output validator in output_validators")
	case len(found) == 0 && k.interactive:
		return k.tree.fail("problem.yaml", "is interactive and has no output validator to talk with")
	case len(found) == 0:
		return k.readDefault(args)
	}
	v := found[0]
	v.args = args
	if k.interactive {
		k.interactor = &v
	} else {
		k.checkerTool = &v
	}
	if !k.legacy {
		k.scores, err = k.mentions(v, "score.txt")
	}
	return err
}

// outputArgs are those of the output validator on all tests. Where these differ, what the tests say is theirs.
func (k *kattis) outputArgs(tests []*dataTest) []string {
	first := tests[0].config.outputArgs
	if !slices.ContainsFunc(tests, func(t *dataTest) bool { return !slices.Equal(t.config.outputArgs, first) }) {
		return append(slices.Clone(k.flags), first...)
	}
	for i, t := range tests {
		k.tests[i].checkerArgs = t.config.outputArgs
	}
	return k.flags
}

// readDefault makes the default output validator a built-in checker.
func (k *kattis) readDefault(args []string) error {
	comparison, err := judge.ParseComparison(args)
	for i := 0; i < len(k.tests) && err == nil; i++ {
		_, err = judge.ParseComparison(append(slices.Clone(args), k.tests[i].checkerArgs...))
	}
	if err != nil {
		return k.tree.fail("problem.yaml", "flags of the default output validator: %v", err)
	}
	k.checker = judge.CheckerSpec{Name: "default", Comparison: comparison}.String()
	return nil
}

// outputValidators are the programs in the directory that the format has for them, or, when there is none, in
// that of the other format: DOMjudge takes it from legacy packages, and drafts had it.
func (k *kattis) outputValidators() ([]tool, error) {
	const several, one = "output_validators", "output_validator"
	switch {
	case k.legacy && k.isDir(several), k.draft && !k.isDir(one):
		return k.programs(several, true)
	case !k.isDir(one) && k.isDir(several):
		return nil, k.tree.fail(several, "is of legacy packages: want output_validator")
	}
	names, err := k.list(one)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	if slices.ContainsFunc(names, func(n string) bool { return !k.isDir(path.Join(one, n)) }) {
		itself, err := k.program(one) // the directory itself is the program
		return []tool{itself}, err
	}
	return k.programs(one, true)
}

// programs are those in a directory: files in a language, and directories. What else is there is for them to
// include. One that cannot be built is an error when it is needed, else a note.
func (k *kattis) programs(dir string, needed bool) ([]tool, error) {
	names, err := k.list(dir)
	if err != nil {
		return nil, err
	}
	var found []tool
	var include []string
	other := ""
	for _, name := range names {
		at := path.Join(dir, name)
		switch {
		case k.isDir(at), judge.LanguageOf(name) != "":
			one, err := k.program(at)
			if err != nil && !needed {
				k.note("%v", err)
				continue
			}
			if err != nil {
				return nil, err
			}
			found = append(found, one)
		case slices.Contains([]string{".h", ".hh", ".hpp"}, path.Ext(name)):
			include = append(include, at)
		case needed:
			other = at
		case path.Ext(name) == ".ctd" || path.Ext(name) == ".viva":
			k.note("%s is no program and is not run on inputs", at)
		}
	}
	if len(found) == 0 && other != "" {
		return nil, k.tree.fail(other, "is no program: no language has this extension")
	}
	for i := range found {
		if !k.isDir(found[i].source[0]) {
			found[i].include = include
		}
	}
	return found, nil
}

// program is a validator: a file or a directory.
func (k *kattis) program(at string) (tool, error) {
	t := tool{source: []string{at}, protocol: judge.Kattis, time: k.toolTime, memory: k.toolMemory, output: k.toolOutput}
	if !k.isDir(at) {
		return t, nil
	}
	names, err := k.files(at)
	if err != nil {
		return t, err
	}
	for _, script := range []string{"build", "run"} {
		if slices.Contains(names, script) {
			t.language = scriptLanguage
			t.source = withFirst(at, names, script)
			return t, nil
		}
	}
	if !slices.ContainsFunc(names, func(n string) bool { return judge.LanguageOf(n) != "" }) {
		return t, k.tree.fail(at, "has no file with the extension of a language")
	}
	if slices.Contains(names, "__main__.py") {
		t.source = withFirst(at, names, "__main__.py")
	}
	return t, nil
}

// withFirst are files of a directory with one of them first.
func withFirst(dir string, names []string, first string) []string {
	files := []string{path.Join(dir, first)}
	for _, n := range names {
		if n != first {
			files = append(files, path.Join(dir, n))
		}
	}
	return files
}

// mentions tells whether a tool's source has a word in it.
func (k *kattis) mentions(t tool, word string) (bool, error) {
	for _, source := range t.source {
		files, err := k.filesOf(source)
		if err != nil {
			return false, err
		}
		for _, f := range files {
			text, _, err := k.text(f)
			if err != nil {
				return false, err
			}
			if strings.Contains(text, "score_multiplier.txt") && k.scoring {
				return false, k.tree.fail(f, "output validators that write score_multiplier.txt are not supported: want score.txt")
			}
			if strings.Contains(text, word) {
				return true, nil
			}
		}
	}
	return false, nil
}

func (k *kattis) readInputValidators(tests []*dataTest) error {
	for _, dir := range []string{"input_validators", "input_validator", "input_format_validators"} { // the second is DOMjudge's
		found, err := k.programs(dir, false)
		if err != nil {
			return err
		}
		for _, v := range found {
			k.validators = append(k.validators, withArgs(v, tests)...)
		}
	}
	return nil
}

// withArgs are a validator with its arguments: once for all tests, or, where these have different ones, once for
// the tests of each.
func withArgs(v tool, tests []*dataTest) []tool {
	var all []tool
	var names []test
	for _, t := range tests {
		args := inputArgs(path.Base(v.source[0]), t)
		i := slices.IndexFunc(all, func(o tool) bool { return slices.Equal(o.args, args) })
		if i < 0 {
			own := v
			own.args, own.tests = args, nil
			i, all = len(all), append(all, own)
		}
		all[i].tests = append(all[i].tests, t.name)
		names = append(names, t.test)
	}
	for i := range all {
		all[i].tests = patterns(all[i].tests, names)
	}
	if len(all) == 1 {
		all[0].tests = nil
	}
	return all
}

// inputArgs are those of a validator for a test.
func inputArgs(name string, t *dataTest) []string {
	own, ok := t.config.inputArgs[name]
	if !ok {
		own, ok = t.config.inputArgs[strings.TrimSuffix(name, path.Ext(name))]
	}
	if !ok {
		own = t.config.inputArgs[""]
	}
	return append(slices.Clone(own), t.args...)
}
