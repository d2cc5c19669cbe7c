package packages

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
)

// constants are the values of what packages call constant sequences: {{name}}, and {{name.part}} where a constant is
// given in several forms.
type constants map[string]string

var (
	constantName     = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	constantSequence = regexp.MustCompile(`\{\{[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)?\}\}`)
)

// constantPlaces are the directories with files that may have constants. Of test data, only those of groups do.
var constantPlaces = []string{"input_validators", "input_validator", "output_validators", "output_validator", "include", "submissions", "data"}

// putConstants makes a package whose programs have constants one with their values: a copy of it.
func (p *Package) putConstants() error {
	all, err := p.tree.constants()
	if err != nil || len(all) == 0 {
		return err
	}
	changed, err := p.tree.withValues(all)
	if err != nil || len(changed) == 0 {
		return err
	}
	if err := p.tree.checkTestData(changed); err != nil {
		return err
	}
	if p.unpacked == "" {
		if err := p.copy(); err != nil {
			return err
		}
		p.filled = true
	}
	for name, text := range changed {
		if err := os.WriteFile(p.tree.at(name), []byte(text), 0o666); err != nil {
			return fmt.Errorf("put constants into %s: %w", p.tree.show(name), cause(err))
		}
	}
	return nil
}

// copy goes on with a copy of the package. A link that leads from it into the package is refused, or what is done to
// the one would be done to the other.
func (p *Package) copy() (err error) {
	if p.unpacked, err = os.MkdirTemp("", "judge-package-"); err != nil {
		return fmt.Errorf("copy %s: %w", p.tree.shown, err)
	}
	if err := os.CopyFS(p.unpacked, os.DirFS(p.tree.root)); err != nil {
		return fmt.Errorf("copy %s: %w", p.tree.shown, err)
	}
	if p.tree.root, err = withoutLinks(p.unpacked); err != nil {
		return fmt.Errorf("copy %s: %w", p.tree.shown, err)
	}
	return p.tree.checkLinks()
}

// constants reads those of problem.yaml.
func (t tree) constants() (constants, error) {
	manifest, ok, err := t.yamlFile("problem.yaml")
	if err != nil || !ok {
		return nil, err
	}
	keys, err := manifest.pairs()
	if err != nil {
		return nil, err
	}
	all := constants{}
	for _, key := range keys {
		if key.key != "constants" || key.isNull() {
			continue
		}
		list, err := key.pairs()
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			if err := all.add("", c); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// add adds a constant, or the forms of one: that called value is the constant itself.
func (all constants) add(of string, c value) error {
	if !constantName.MatchString(c.key) {
		return c.fail("want a name of letters, digits and _")
	}
	if c.isMap() && of == "" {
		forms, err := c.pairs()
		for _, form := range forms {
			if err := all.add(c.key, form); err != nil {
				return err
			}
		}
		return err
	}
	text, err := c.text()
	switch {
	case err != nil:
		return err
	case c.isNull():
		return c.fail("want a number or text")
	case of == "":
		all["{{"+c.key+"}}"] = text
		return nil
	case c.key == "value":
		all["{{"+of+"}}"] = text
	}
	all["{{"+of+"."+c.key+"}}"] = text
	return nil
}

// mostFilled bounds what programs with constants become together: a value may be long, and stand in many places.
const mostFilled = 64 << 20

// withValues are the files that have constants, as they are with their values, by the name that links lead to.
func (t tree) withValues(all constants) (map[string]string, error) {
	changed, left := map[string]string{}, mostFilled
	for _, dir := range constantPlaces {
		names, err := t.files(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if dir == "data" && isTestData(name) {
				continue
			}
			at := path.Join(dir, name)
			text, _, err := t.text(at)
			if err != nil {
				return nil, err
			}
			filled, ok := all.fill(text, left)
			if !ok {
				return nil, t.fail(at, "its constants make the package's programs larger than %d MiB", mostFilled>>20)
			}
			if filled == text {
				continue
			}
			real, err := withoutLinks(t.at(at))
			if err != nil {
				return nil, t.fail(at, "%v", cause(err))
			}
			changed[t.below(real)] = filled
			left -= len(filled)
		}
	}
	return changed, nil
}

// isTestData tells what is below data and has no constants.
func isTestData(name string) bool { return path.Base(name) != "test_group.yaml" }

// checkTestData refuses a file that is both: one of a program that has constants and, by a symbolic link, test data.
func (t tree) checkTestData(changed map[string]string) error {
	names, err := t.files("data")
	if err != nil {
		return err
	}
	for _, name := range names {
		at := path.Join("data", name)
		real, err := withoutLinks(t.at(at))
		if err != nil {
			return t.fail(at, "%v", cause(err))
		}
		if _, has := changed[t.below(real)]; has && isTestData(name) {
			return t.fail(at, "a symbolic link makes it a file of a program too, where its constants have values: want two files")
		}
	}
	return nil
}

// fill puts in the values. What is the name of no constant stays as it is. False: there would be more than so many bytes.
func (all constants) fill(text string, most int) (filled string, ok bool) {
	var b strings.Builder
	done := 0
	for _, at := range constantSequence.FindAllStringIndex(text, -1) {
		v, ok := all[text[at[0]:at[1]]]
		if !ok {
			continue
		}
		if b.Len()+at[0]-done+len(v) > most {
			return "", false
		}
		b.WriteString(text[done:at[0]])
		b.WriteString(v)
		done = at[1]
	}
	if done == 0 {
		return text, true
	}
	b.WriteString(text[done:])
	return b.String(), b.Len() <= most
}
