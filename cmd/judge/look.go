package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"judge/judge/report"
)

// look is how what is printed for people is to look. The zero value finds out what the terminal can show.
type look struct {
	color when
	ascii bool
}

// when is a pflag.Value; empty: auto.
type when string

const (
	colorAuto   when = "auto" // on a terminal, unless NO_COLOR (no-color.org) is set
	colorAlways when = "always"
	colorNever  when = "never"
)

func (w *when) String() string { return string(*w) }
func (w *when) Type() string   { return "WHEN" }

func (w *when) Set(s string) error {
	if !slices.Contains([]when{colorAuto, colorAlways, colorNever}, when(s)) {
		return errors.New("want auto, always or never")
	}
	*w = when(s)
	return nil
}

func (l *look) addTo(flags *pflag.FlagSet) {
	l.color = colorAuto
	flags.Var(&l.color, "color", "colours: auto, always or never; auto is on a terminal, unless NO_COLOR is set")
	flags.BoolVar(&l.ascii, "ascii", false, "draw with plain characters; so it is where LANG or TERM know no others")
}

// config says how to print to w: a terminal has colours and lines, for anything else tables are plain.
func (l look) config(w io.Writer) report.TableConfig {
	terminal := isScreen(w)
	return report.TableConfig{
		Color:   l.color == colorAlways || l.color != colorNever && terminal && os.Getenv("NO_COLOR") == "",
		Unicode: l.unicode(w),
		Width:   widthOf(w),
	}
}

func (l look) unicode(w io.Writer) bool {
	return !l.ascii && isScreen(w) && speaksUnicode(os.Getenv)
}

// tableConfig is for commands that leave it to the terminal.
func tableConfig(w io.Writer) report.TableConfig { return look{}.config(w) }

// isScreen tells whether w is a terminal that can do more than print one line below the other.
func isScreen(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

// widthOf is how many columns w has: what the user says, else what the terminal says; 0: nobody knows.
func widthOf(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if file, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(file.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// speaksUnicode tells whether the locale has more than ASCII. Where none is set, as in containers, the
// terminal is nearly always outside of them and has.
func speaksUnicode(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(getenv(name)); locale != "" {
			return strings.HasSuffix(locale, "utf-8") || strings.HasSuffix(locale, "utf8")
		}
	}
	return true
}
