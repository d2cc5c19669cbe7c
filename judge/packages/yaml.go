package packages

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"judge/judge"
)

// value is a node of a YAML file, with what a message about it needs.
type value struct {
	file  string // as the user named it
	lines []string
	key   string
	node  *yaml.Node
}

// yamlLine finds the line in an error of the library's.
var yamlLine = regexp.MustCompile(`^yaml: line ([0-9]+): (.*)`)

// yamlFile reads a YAML file whose top is a mapping; false when there is no file, or it is empty.
func (t tree) yamlFile(name string) (value, bool, error) {
	text, ok, err := t.text(name)
	if !ok || err != nil {
		return value{}, false, err
	}
	v := value{file: t.show(name), lines: strings.Split(text, "\n")}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ := strconv.Atoi(m[1])
			return v, false, v.failAt(line, "is not YAML: %s", m[2])
		}
		return v, false, v.failAt(0, "is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return v, false, nil
	}
	v.node = document.Content[0]
	if v.resolved().Tag == "!!null" {
		return v, false, nil
	}
	if !v.isMap() {
		return v, false, v.fail("want keys and values")
	}
	return v, true, nil
}

func (v value) failAt(line int, format string, args ...any) error {
	e := &judge.InputError{File: v.file, Line: line, Message: fmt.Sprintf(format, args...)}
	if line > 0 && line <= len(v.lines) {
		e.Source = judge.Visible(strings.ReplaceAll(v.lines[line-1], "\t", " "))
	}
	return e
}

// fail is a mistake in the line of the value; of a key's value it names the key.
func (v value) fail(format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	if v.key != "" {
		message = v.key + ": " + message
	}
	return v.failAt(v.node.Line, "%s", message)
}

// resolved is the node, or the one that an alias stands for.
func (v value) resolved() *yaml.Node {
	if v.node.Kind == yaml.AliasNode {
		return v.node.Alias
	}
	return v.node
}

func (v value) isMap() bool  { return v.resolved().Kind == yaml.MappingNode }
func (v value) isList() bool { return v.resolved().Kind == yaml.SequenceNode }
func (v value) isNull() bool {
	return v.resolved().Kind == yaml.ScalarNode && v.resolved().Tag == "!!null"
}

// pairs are the keys of a mapping and their values, in the file's order.
func (v value) pairs() ([]value, error) {
	if !v.isMap() {
		return nil, v.fail("want keys and values")
	}
	var result []value
	content := v.resolved().Content
	for i := 0; i+1 < len(content); i += 2 {
		child := value{file: v.file, lines: v.lines, key: content[i].Value, node: content[i+1]}
		if slices.ContainsFunc(result, func(o value) bool { return o.key == child.key }) {
			return nil, v.failAt(content[i].Line, "%s: is there twice", child.key)
		}
		result = append(result, child)
	}
	return result, nil
}

// keys says what to do with the value of each key; nil: nothing.
type keys map[string]func(value) error

// read reads a mapping of known keys. A value that is null is as good as none.
func (v value) read(known keys) error {
	pairs, err := v.pairs()
	if err != nil {
		return err
	}
	for _, p := range pairs {
		read, ok := known[p.key]
		if !ok {
			return p.fail("is no key here: want one of %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if read == nil || p.isNull() {
			continue
		}
		if err := read(p); err != nil {
			return err
		}
	}
	return nil
}

// text is a scalar as it is written.
func (v value) text() (string, error) {
	if v.resolved().Kind != yaml.ScalarNode {
		return "", v.fail("want text")
	}
	return v.resolved().Value, nil
}

// texts is a scalar, or a list of them.
func (v value) texts() ([]string, error) {
	if !v.isList() {
		text, err := v.text()
		return []string{text}, err
	}
	var list []string
	for _, node := range v.resolved().Content {
		item := value{v.file, v.lines, v.key, node}
		text, err := item.text()
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

// number is a finite number from least on.
func (v value) number(least float64) (float64, error) {
	text, err := v.text()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, v.fail("%q: want a number", text)
	}
	if n < least {
		return 0, v.fail("%s: want a number from %g on", text, least)
	}
	return n, nil
}

// words are flags, as a shell splits them.
func (v value) words() ([]string, error) {
	text, err := v.text()
	if err != nil {
		return nil, err
	}
	words, err := splitWords(text)
	if err != nil {
		return nil, v.fail("%q: %v", text, err)
	}
	return words, nil
}
