package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// InputError is a mistake in a task file, or in a file that it names.
type InputError struct {
	File    string // as the user named it
	Line    int    // from 1; 0: the file as a whole
	Where   string // what the line belongs to, such as `task "sum"`; may be empty
	Message string
	Source  string // the text of the line, safe to print; empty when Line is 0
	Hint    string // a suggestion; may be empty
}

// Error draws the message, the source line and the suggestion, a line each:
//
//	tasks.toml:14: task "sum": time "2 secs": want a duration such as "2s"
//	   14 | limits = { time = "2 secs" }
//	      = try time = "2s"
func (e *InputError) Error() string {
	var b strings.Builder
	b.WriteString(printable(e.File))
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Where != "" {
		b.WriteString(e.Where + ": ")
	}
	b.WriteString(e.Message)
	if e.Line > 0 && strings.TrimSpace(e.Source) != "" {
		fmt.Fprintf(&b, "\n%5d | %s", e.Line, e.Source)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "\n%5s = %s", "", e.Hint)
	}
	return b.String()
}

// maxShown is how many mistakes are printed, maxKept how many are remembered to choose them from.
const (
	maxShown = 20
	maxKept  = 1000
)

// InputErrors is everything that Load found wrong, in the order of files and lines.
type InputErrors struct {
	Errors []*InputError
	More   int // mistakes that were found but not kept
}

// Error joins the first messages and counts the others.
func (e *InputErrors) Error() string {
	var b strings.Builder
	for i, one := range e.Errors {
		if i == maxShown {
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.Error())
	}
	if more := len(e.Errors) + e.More - maxShown; more > 0 {
		fmt.Fprintf(&b, "\nand %d more", more)
	}
	return b.String()
}

// Unwrap gives the single mistakes to errors.As and errors.Is.
func (e *InputErrors) Unwrap() []error {
	errs := make([]error, len(e.Errors))
	for i, one := range e.Errors {
		errs[i] = one
	}
	return errs
}

// problems collects mistakes. The same one of a line counts once: a line of [defaults] is read for
// every task.
type problems struct {
	list []problem
	seen map[problemKey]bool
	more int

	effort *effort // what may still be done to find any; nil: anything
}

type problem struct {
	InputError
	document, offset int // for the order
}

type problemKey struct {
	document, offset int
	message          string
}

// add reports whether the problem is new and was kept.
func (p *problems) add(one problem) bool {
	key := problemKey{one.document, one.offset, one.Message}
	if p.seen[key] {
		return false
	}
	if len(p.list) == maxKept {
		p.more++
		return false
	}
	if p.seen == nil {
		p.seen = map[problemKey]bool{}
	}
	p.seen[key] = true
	p.list = append(p.list, one)
	return true
}

// full says that nothing more will be kept, so that callers need not work out suggestions.
func (p *problems) full() bool { return len(p.list) == maxKept }

// err is nil when there are no problems.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.document, b.document), cmp.Compare(a.offset, b.offset))
	})
	errs := &InputErrors{More: p.more}
	for i := range p.list {
		errs.Errors = append(errs.Errors, &p.list[i].InputError)
	}
	return errs
}

// maxSourceRunes bounds what is shown of a source line, and of a value in a message.
const maxSourceRunes = 120

// printable makes text safe for a terminal and short: control characters and invalid UTF-8 are
// escaped, tabs are blanks.
func printable(s string) string {
	var b strings.Builder
	for i, n := 0, 0; i < len(s); n++ {
		if n == maxSourceRunes {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case isUnsafe(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// quoted is a value as messages show it.
func quoted(s string) string {
	runes := 0
	for i := range s {
		if runes == maxSourceRunes {
			return fmt.Sprintf("%q…", s[:i])
		}
		runes++
	}
	return fmt.Sprintf("%q", s)
}
