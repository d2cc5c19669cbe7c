package judge

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"judge/limits"
)

// LimitsFor are the limits of a run in this language, given a test's: the language's own limits come
// first, its time factor applies to both clocks, and what its runtime needs for itself comes on top.
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
	if result.Memory > 0 {
		result.Memory += l.ExtraMemory
	}
	if result.Processes > 0 {
		result.Processes += l.ExtraProcesses
	}
	return result
}

// SearchPath is where the language's programs are looked up inside, in the form of PATH.
func (l *Language) SearchPath() string {
	if own, ok := l.Env["PATH"]; ok {
		return own
	}
	return searchPath
}

// Missing is the first program that the language's commands need and that is nowhere in its SearchPath on
// this host; empty: all are there. It knows nothing of a task's layers and binds.
func (l *Language) Missing() string {
	for _, command := range [][]string{l.Compile, l.Run, l.Version} {
		if len(command) == 0 || strings.ContainsAny(command[0], "/{") {
			continue // made in the sandbox
		}
		found := slices.ContainsFunc(filepath.SplitList(l.SearchPath()), func(dir string) bool {
			return checkExecutable(filepath.Join(dir, command[0])) == nil
		})
		if !found {
			return command[0]
		}
	}
	return ""
}

// outOfMemory looks in standard error for the words by which the language's runtime says that the memory it
// may have is used up.
//
// A nil Language, of a command, has no runtime.
func (l *Language) outOfMemory() *phrases {
	if l == nil {
		return &phrases{}
	}
	return newPhrases(l.OutOfMemory)
}

// placeholders lists what may stand in an argument list.
var placeholders = []string{"source", "sources", "exe", "main", "dir", "memory", "stack"}

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
func expand(arguments, sources []string, values map[string]string) []string {
	if len(arguments) == 0 {
		return nil
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
