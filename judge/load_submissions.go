package judge

import (
	"path"
	"strings"
)

// submissions finds the programs of a task: source files with their languages, or one command.
func (f *fileReader) submissions(r reader, n *node, draft *taskReader) []Submission {
	switch {
	case f.bundle:
		return nil
	case draft.submissions != nil && draft.command != nil:
		r.fail(draft.command, "command and submissions: want one of the two")
		return nil
	case draft.source != nil && (draft.submissions != nil || draft.command != nil):
		r.fail(draft.source, "source beside submissions or command: want one of them")
		return nil
	case draft.submissions == nil && draft.programs != nil && !draft.programs.inherited:
		r.fail(draft.programs, "programs goes with submissions, and there are none")
		return nil
	case draft.source != nil:
		return nil // they are read when they are judged
	case draft.command != nil:
		if draft.languageNode != nil && !draft.languageNode.inherited {
			r.fail(draft.languageNode, "language does not go with command, which is run as it is")
		}
		return f.command(r, draft.command)
	case draft.submissions == nil:
		r.fail(n, "submissions is missing (or command)")
		return nil
	}
	if !f.languages.has(r, draft.languageNode, draft.language) {
		return nil
	}
	words := f.readPrograms(r, draft.programs)
	var result []Submission
	for _, m := range f.files.programs(r, draft.submissions, f.dir) {
		code, err := f.program(r, m, draft.language, wordsFor(words, m.name))
		if err != nil {
			hint := ""
			if !m.directory {
				hint = "name it with language = \"...\", or narrow the pattern"
			}
			r.failHint(m.from, hint, "submissions %s: %v", quoted(m.name), err)
			continue
		}
		result = append(result, Submission{Name: m.name, Code: code, Expected: []Verdict{Accepted}})
	}
	failUnusedWords(r, words, result)
	return result
}

func noLanguage(source string) string {
	if extension := path.Ext(source); extension != "" {
		return "no language has the extension " + quoted(extension)
	}
	return "has no extension to tell the language"
}

// command is the one submission of a task that runs an executable as it is.
func (f *fileReader) command(r reader, n *node) []Submission {
	list, ok := r.arguments(n)
	if !ok {
		return nil
	}
	if len(list) == 0 {
		r.none(n, `at least a program, as in ["./prog"]`)
		return nil
	}
	word := list[0]
	if problem := nameProblem(word); problem != "" {
		r.fail(n.items[0], "command %s: %s", quoted(word), problem)
		return nil
	}
	s := Submission{Name: word, Command: list, Expected: []Verdict{Accepted}}
	if strings.Contains(word, "/") {
		s.Path = resolve(f.dir, word)
		err := f.files.checkRegular(s.Path)
		if err == nil {
			err = checkExecutable(s.Path)
		}
		if err != nil {
			r.failHint(n.items[0], r.nearFile(f.dir, word, err), "command %s: %v", quoted(word), err)
			return nil
		}
	}
	return []Submission{s}
}
