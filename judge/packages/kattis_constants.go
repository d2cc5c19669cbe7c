package packages

import (
	"path"
	"strings"
)

// readConstants accepts constants that only statements have. Where a program or a group's file has one, it would
// have to be replaced by its value.
func (k *kattis) readConstants(v value) error {
	constants, err := v.pairs()
	if err != nil {
		return err
	}
	var words []string
	for _, c := range constants {
		words = append(words, "{{"+c.key+"}}")
		if c.isMap() {
			parts, err := c.pairs()
			if err != nil {
				return err
			}
			for _, p := range parts {
				words = append(words, "{{"+c.key+"."+p.key+"}}")
			}
		}
	}
	for _, dir := range []string{"input_validators", "input_validator", "output_validator", "output_validators", "include", "submissions", "data"} {
		if err := k.refuseConstants(dir, words); err != nil {
			return err
		}
	}
	return nil
}

// refuseConstants looks for constants in the files of a directory; of test data, only in those of groups.
func (k *kattis) refuseConstants(dir string, words []string) error {
	names, err := k.files(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if dir == "data" && path.Base(name) != "test_group.yaml" {
			continue
		}
		text, _, err := k.text(path.Join(dir, name))
		if err != nil {
			return err
		}
		for _, word := range words {
			if strings.Contains(text, word) {
				return k.tree.fail(path.Join(dir, name), "constant %s: constants that are put into programs are not supported: write its value", word)
			}
		}
	}
	return nil
}
