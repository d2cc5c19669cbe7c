package judge

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"judge/limits"
)

// workDir is where a program starts, and where its source and artifact are, inside the sandbox.
const workDir = "/work"

// CompileCommand is the argument list that compiles a submission; nil when there is nothing to
// compile. The sources are names below /work, the entry point first. At least one is wanted.
//
// Every placeholder of a path is absolute, so that a source called `-o` or `@args` is never taken
// for an option.
func (l *Language) CompileCommand(sources ...string) []string { return expand(l.Compile, sources) }

// RunCommand is the argument list that runs a submission; a test's own arguments are added to it.
func (l *Language) RunCommand(sources ...string) []string { return expand(l.Run, sources) }

// LimitsFor are the limits of a run in this language, given a test's: the language's own limits come
// first, and its time factor applies to both clocks.
func (l *Language) LimitsFor(test limits.Limits) limits.Limits {
	result := overlaid(test, l.Limits)
	if l.Limits.CPU != 0 && l.Limits.Wall == 0 {
		result.Wall = max(result.Wall, 2*result.CPU+time.Second)
	}
	if l.Limits.Memory != 0 && l.Limits.Stack == 0 && test.Stack == test.Memory {
		result.Stack = result.Memory
	}
	if l.TimeFactor > 0 {
		result.CPU = time.Duration(float64(result.CPU) * l.TimeFactor)
		result.Wall = time.Duration(float64(result.Wall) * l.TimeFactor)
	}
	return result
}

// artifactName is the file in /work that compiling produces: the entry point without its extension.
// It is never the name of a source, and never one that means a directory.
func artifactName(sources ...string) string {
	entry := path.Base(sources[0])
	name := strings.TrimSuffix(entry, path.Ext(entry))
	if name == "" || name == "." || name == ".." {
		name = entry
	}
	taken := func(source string) bool { return source == name || strings.HasPrefix(source, name+"/") }
	for slices.ContainsFunc(sources, taken) {
		name += ".out"
	}
	return name
}

// placeholders lists what may stand in an argument list.
var placeholders = []string{"source", "sources", "exe", "main", "dir"}

// placeholderPattern finds {word}, and {{word}}, which stands for a literal {word}. Other braces mean
// nothing to us; neither does a shell's ${word}.
var placeholderPattern = regexp.MustCompile(`\$?\{\{?[a-z]+\}\}?`)

// placeholder is the word of a match of placeholderPattern, or what a match is to be replaced with
// when it is not a placeholder.
func placeholder(match string) (word, literal string) {
	switch {
	case strings.HasPrefix(match, "$"):
		return "", match
	case strings.HasPrefix(match, "{{") && strings.HasSuffix(match, "}}"):
		return "", match[1 : len(match)-1]
	}
	return strings.Trim(match, "{}"), ""
}

// expand replaces the placeholders of an argument list that checkPlaceholders has accepted.
func expand(arguments, sources []string) []string {
	if len(arguments) == 0 {
		return nil
	}
	values := map[string]string{
		"source": path.Join(workDir, sources[0]),
		"exe":    path.Join(workDir, artifactName(sources...)),
		"main":   mainName(path.Base(sources[0])),
		"dir":    workDir,
	}
	var result []string
	for _, argument := range arguments {
		if argument == "{sources}" {
			for _, source := range sources {
				result = append(result, path.Join(workDir, source))
			}
			continue
		}
		result = append(result, placeholderPattern.ReplaceAllStringFunc(argument, func(match string) string {
			word, literal := placeholder(match)
			if value, ok := values[word]; ok {
				// A brace too many on one side belongs to the text around it.
				open, end := strings.Count(match, "{"), strings.Count(match, "}")
				return match[:open-1] + value + match[len(match)-end+1:]
			}
			return literal
		}))
	}
	return result
}

// mainName is the entry point's name: `Main` for Main.java.
func mainName(entry string) string {
	if stem := strings.TrimSuffix(entry, path.Ext(entry)); stem != "" {
		return stem
	}
	return entry
}

// checkPlaceholders says what is wrong with an argument, and a suggestion; empty: nothing.
func checkPlaceholders(argument string) (message, hint string) {
	for _, match := range placeholderPattern.FindAllString(argument, -1) {
		word, _ := placeholder(match)
		switch {
		case word == "":
		case !slices.Contains(placeholders, word):
			hint := "write {" + match + "} when it is not a placeholder"
			if near := nearest(word, placeholders); near != "" {
				hint = "did you mean {" + near + "}? " + hint
			}
			return fmt.Sprintf("unknown placeholder {%s}", word), hint
		case word == "sources" && argument != "{sources}":
			return "{sources} stands for several arguments: want it alone", ""
		}
	}
	return "", ""
}

// uses says whether an argument list contains a placeholder.
func uses(arguments []string, word string) bool {
	for _, argument := range arguments {
		for _, match := range placeholderPattern.FindAllString(argument, -1) {
			if got, _ := placeholder(match); got == word {
				return true
			}
		}
	}
	return false
}
