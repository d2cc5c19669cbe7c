package packages

import (
	"path"
	"slices"
	"strings"
)

// folder is a directory of test data: in legacy packages a group, in others perhaps one.
type folder struct {
	name    string // below data: "secret/group1"; empty: data itself
	config  config
	entries []entry
}

// entry is what is in a folder: a test or a folder.
type entry struct {
	test   *dataTest
	folder *folder
}

// dataTest is a test with what its group's file says of it.
type dataTest struct {
	test
	config config
}

func (k *kattis) readData() error {
	if !k.isDir("data/secret") {
		return k.tree.fail("data/secret", "there is no such directory: the package has no test data")
	}
	root := &folder{}
	var err error
	if k.testdata, err = k.hasTestdata(); err != nil {
		return err
	}
	if root.config, err = k.readConfig("data", config{}); err != nil {
		return err
	}
	for _, name := range []string{"sample", "secret"} {
		if !k.isDir("data/" + name) {
			continue
		}
		below, err := k.readFolder(name, root.config)
		if err != nil {
			return err
		}
		root.entries = append(root.entries, entry{folder: below})
	}
	if secret := root.entries[len(root.entries)-1].folder; len(secret.tests()) == 0 {
		return k.tree.fail("data/secret", "has no test case: want .in and .ans files")
	}
	for _, t := range root.tests() {
		k.tests = append(k.tests, t.test)
	}
	if err := k.readTools(root.tests()); err != nil {
		return err
	}
	return k.readGroups(root)
}

// hasTestdata tells whether testdata.yaml says how tests are grouped: in legacy packages, and in drafts that have
// such a file.
func (k *kattis) hasTestdata() (bool, error) {
	if !k.draft {
		return k.legacy, nil
	}
	names, err := k.files("data")
	return slices.ContainsFunc(names, func(name string) bool { return path.Base(name) == "testdata.yaml" }), err
}

// readFolder reads a directory below data.
func (k *kattis) readFolder(name string, parent config) (*folder, error) {
	dir := path.Join("data", name)
	f := &folder{name: name}
	var err error
	if f.config, err = k.readConfig(dir, parent); err != nil {
		return nil, err
	}
	names, err := k.list(dir)
	if err != nil {
		return nil, err
	}
	for _, odd := range k.odd(dir) {
		if path.Ext(odd) == ".in" || k.isDir(path.Join(dir, odd)) {
			return nil, k.tree.fail(path.Join(dir, odd), wantName)
		}
	}
	for _, base := range names {
		at := path.Join(dir, base)
		stem := strings.TrimSuffix(at, path.Ext(at))
		switch extension := path.Ext(base); {
		case extension == ".in":
			t, err := k.readTest(path.Join(name, strings.TrimSuffix(base, ".in")), f.config)
			if err != nil {
				return nil, err
			}
			f.entries = append(f.entries, entry{test: t})
		case extension == ".ans" && !k.has(stem+".in"):
			return nil, k.tree.fail(at, "is an answer without input: there is no %s", path.Base(stem)+".in")
		case extension == ".files" && k.has(stem+".in"): // the test's
		case k.isDir(at):
			below, err := k.readFolder(path.Join(name, base), f.config)
			if err != nil {
				return nil, err
			}
			f.entries = append(f.entries, entry{folder: below})
		}
	}
	return f, nil
}

// readTest reads what belongs to one input.
func (k *kattis) readTest(name string, group config) (*dataTest, error) {
	stem := path.Join("data", name)
	t := &dataTest{test: test{name: name, input: stem + ".in", answer: stem + ".ans"}, config: group}
	if !k.has(t.answer) {
		return nil, k.tree.fail(t.input, "has no answer: there is no %s", path.Base(t.answer))
	}
	if k.legacy {
		return t, nil
	}
	own, ok, err := k.yamlFile(stem + ".yaml")
	if err != nil {
		return nil, err
	}
	if ok {
		known := t.config.arguments()
		for _, word := range []string{"input_visualizer_args", "output_visualizer_args", "full_feedback", "hint", "description"} {
			known[word] = nil
		}
		if err := own.read(known); err != nil {
			return nil, err
		}
	}
	t.args = t.config.args
	files, err := k.files(stem + ".files")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		t.files = append(t.files, placed{file, path.Join(stem+".files", file)})
	}
	return t, nil
}

// tests are those of a folder and of all below it, in the order of judging.
func (f *folder) tests() []*dataTest {
	var all []*dataTest
	for _, e := range f.entries {
		if e.test != nil {
			all = append(all, e.test)
			continue
		}
		all = append(all, e.folder.tests()...)
	}
	return all
}

// names are those of the tests.
func (f *folder) names() []string {
	var names []string
	for _, t := range f.tests() {
		names = append(names, t.name)
	}
	return names
}
