package judge

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// syntaxError is what the parser says of a text that is no TOML, and what to do about it.
func (d *document) syntaxError(err error) *InputError {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return &InputError{File: d.file, Message: err.Error()}
	}
	// Of an unexpected line end the parser gives the line after it.
	line := min(max(parse.Position.Line, 1), d.lineCount())
	if start := parse.Position.Start; start > 0 && start < len(d.text) {
		line = min(line, d.line(start))
	}
	one := &InputError{File: d.file, Line: line, Message: printable(parse.Message), Source: d.source(line)}
	if m := definedTwice.FindStringSubmatch(parse.Message); m != nil {
		one.Message, one.Hint = d.twice(m[1], line)
		return one
	}
	for _, s := range syntaxHints {
		if strings.Contains(parse.Message, s.says) {
			one.Hint = s.hint(one.Source)
			break
		}
	}
	return one
}

// definedTwice finds the key in what the parser says of one that it has read before.
var definedTwice = regexp.MustCompile(`^Key '(.*)' (?:has already been defined|was already created)`)

// twice says where a key stands first, if that is known.
func (d *document) twice(key string, line int) (message, hint string) {
	message = quoted(strings.NewReplacer(`"`, "", "'", "").Replace(key)) + " is there already"
	if first := d.firstLine(key, line); first > 0 {
		message += fmt.Sprintf(", in line %d", first)
	}
	switch source := strings.TrimSpace(d.source(line)); {
	case strings.HasPrefix(source, "[["), strings.HasPrefix(source, "[task]"):
		return message, "of several tables, each begins with two brackets: [[" + strings.Trim(source, "[]") + "]]"
	case strings.HasPrefix(source, "["):
		return message, "write everything below the first one"
	}
	return message, "write it once"
}

// firstLine is where a key of the line stands above it; 0: nobody knows.
func (d *document) firstLine(key string, line int) int {
	if line == d.lineCount() {
		line++
	}
	end := len(d.text)
	if line <= d.lineCount() {
		end = d.lines[line]
	}
	o, _, _ := scanOutline(d.text[:min(end, len(d.text))])
	for _, part := range strings.Split(key, ".") {
		if o = o.last().keys[part]; o == nil {
			return 0
		}
	}
	if first := d.line(o.offset); first < line {
		return first
	}
	return 0
}

// syntaxHints say what to do about what the parser says, given the source line.
var syntaxHints = []struct {
	says string
	hint func(source string) string
}{
	{`expected value but found '\n'`, always("a value is missing")},
	{"expected value but found", always(`text stands in quotes: key = "text"`)},
	{"top-level item to end", quotesAround},
	{"strings cannot contain newlines", always("the closing quote is missing")},
	{`expected '"""'`, always(`the closing """ is missing`)},
	{"invalid escape", always(`write \\ for \, or put the text in single quotes`)},
	{"array terminator", always("a comma or a ] is missing before this")},
	{"inline table terminator", always("a comma or a } is missing before this")},
	{"end of table array name", always("write [[name]]")},
	{"to end table name", always(`write [name], with quotes around what has other characters than letters and digits`)},
	{"expected '.' or '='", always("write key = value")},
}

func always(hint string) func(string) string { return func(string) string { return hint } }

var bareNumber = regexp.MustCompile(`=\s*([0-9][^\s"#,]*)`)

// quotesAround suggests quotes for a time or a size.
func quotesAround(source string) string {
	if m := bareNumber.FindStringSubmatch(source); m != nil {
		return `write it in quotes: "` + m[1] + `"`
	}
	return "each key stands in a line of its own"
}
