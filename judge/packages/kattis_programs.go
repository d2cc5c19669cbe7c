package packages

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"judge/judge"
)

// languageCodes are the format's names of languages that judge calls otherwise.
var languageCodes = map[string]string{"python3": "python", "python3numpy": "python"}

// codeOf is judge's name of a language of the format's.
func codeOf(code string) string { return cmp.Or(languageCodes[code], code) }

// readEntries reads DOMjudge's submissions.json: the entry points of submissions of several files.
func (k *kattis) readEntries() ([]globRule, error) {
	v, ok, err := k.yamlFile("submissions.json") // JSON is YAML
	if err != nil || !ok {
		return nil, err
	}
	pairs, err := v.pairs()
	if err != nil {
		return nil, err
	}
	var rules []globRule
	for _, p := range pairs {
		r := globRule{at: "submissions.json: " + p.key, pattern: strings.TrimPrefix(path.Clean(p.key), "submissions/")}
		fields, err := p.pairs()
		if err != nil {
			return nil, err
		}
		for _, field := range fields {
			if field.key == "entry_point" {
				if r.entry, err = field.text(); err != nil {
					return nil, err
				}
			}
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// readProgram finds what the files of a submission do not tell. left is why it cannot be judged.
func (k *kattis) readProgram(s *submission, files []string, rules []globRule) (left string, err error) {
	for _, r := range rules {
		if r.matches(strings.TrimPrefix(s.name, "submissions/")) {
			s.language, s.entry = cmp.Or(r.language, s.language), cmp.Or(r.entry, s.entry)
		}
	}
	if !s.directory {
		s.entry = ""
	}
	entry, err := k.entryOf(s, files)
	if err != nil {
		return err.Error(), nil
	}
	if s.language != "" {
		code := s.language
		if s.language = codeOf(code); !slices.Contains(judge.Languages(), s.language) {
			return fmt.Sprintf("judge has no language %s", code), nil
		}
	}
	other, err := k.otherLanguage(entry)
	if err != nil || other != "" && s.language == "" {
		return "judge has no " + other, err
	}
	own := judge.LanguageOf(entry)
	if s.language == own {
		s.language = ""
	}
	s.include, err = k.included(cmp.Or(s.language, own))
	return "", err
}

// entryOf is the file that a submission begins with. An error says why there is none.
func (k *kattis) entryOf(s *submission, files []string) (string, error) {
	if !s.directory {
		return s.name, nil
	}
	entry := s.entry
	if entry == "" {
		var err error
		if entry, err = judge.EntryPoint(k.at(s.name)); err != nil {
			if entry = k.firstSource(s.name, files); entry == "" {
				return "", err
			}
			s.entry = entry
			k.note("%s begins with %s, the first of its files: it %v", s.name, entry, err)
		}
	}
	if at := path.Join(s.name, entry); slices.Contains(files, at) {
		return at, nil
	}
	return "", fmt.Errorf("its entry point %s is not there", entry)
}

// firstSource is the file with which a program of a legacy package begins when nothing tells, as others judge
// these: main.*, or the first in a language; empty: there is none, or the format is another one.
func (k *kattis) firstSource(dir string, files []string) string {
	var sources []string
	for _, file := range files {
		if judge.LanguageOf(file) != "" {
			sources = append(sources, strings.TrimPrefix(file, dir+"/"))
		}
	}
	if !k.legacy || len(sources) == 0 {
		return ""
	}
	main := slices.IndexFunc(sources, func(name string) bool { return strings.HasPrefix(strings.ToLower(name), "main.") })
	return sources[max(0, main)]
}

// What tells Prolog from Perl: a clause, or a directive, and that nowhere but in comments there is a variable of Perl's.
var (
	prologClause = regexp.MustCompile(`(?m)^([a-z]\w*(\([^\n]*\))?\s*)?:-`)
	perlVariable = regexp.MustCompile(`(?m)^[^%\n]*\$\w`)
)

// otherLanguage is one that shares its extension with one of judge's; empty: the file is not in it.
func (k *kattis) otherLanguage(name string) (string, error) {
	text, _, err := k.text(name)
	line, _, _ := strings.Cut(text, "\n")
	shebang := strings.HasPrefix(line, "#!")
	switch {
	case err != nil:
		return "", err
	case shebang && strings.Contains(line, "python2"):
		return "Python 2", nil
	case judge.LanguageOf(name) == "perl" && !shebang && prologClause.MatchString(text) && !perlVariable.MatchString(text):
		return "Prolog", nil
	}
	return "", nil
}

// included are the files that are compiled with every submission in a language.
func (k *kattis) included(language string) ([]string, error) {
	dirs, err := k.list("include")
	if err != nil {
		return nil, err
	}
	byName := map[string]string{}
	own := slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool { return dir == "default" || codeOf(dir) != language })
	for _, dir := range append([]string{"default"}, own...) { // what is for one language stands in for what is for all
		names, err := k.list(path.Join("include", dir))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			at := path.Join("include", dir, name)
			if k.isDir(at) {
				return nil, k.tree.fail(at, "directories of files that are compiled with every submission are not supported")
			}
			byName[name] = at
		}
	}
	return slices.Sorted(maps.Values(byName)), nil
}
