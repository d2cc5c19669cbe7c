package queue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Subjects. Each of their variable parts is checked before it gets here: an id by checkID, a class by classOf.

func jobSubject(id string) string { return "judge.job." + id }
func workSubject(priority, class, id string) string {
	return "judge.work." + priority + "." + class + "." + id
}
func progressSubject(id, what string) string { return "judge.progress." + id + "." + what }
func resultSubject(id string) string         { return "judge.result." + id }
func deadSubject(id string) string           { return "judge.dead." + id }
func cancelSubject(id string) string         { return "judge.cancel." + id }

// What is told of a job while it runs, the last part of a progress subject.
const (
	progressAttempt = "attempt"
	progressRecord  = "record"
	progressEnd     = "end" // all records of an attempt are stored
)

// wakeSubject is of a message that says: look at this consumer. One idle worker hears it, or all.
func wakeSubject(who, consumer string) string { return "judge.wake." + who + "." + consumer }

const (
	wakeOne = "one"
	wakeAll = "all"
)

// MaxID bounds the id of a job, in bytes.
const MaxID = 81

// checkID refuses what would mean something else in a subject, a path or a header.
func checkID(id string) error {
	if id == "" || len(id) > MaxID || strings.Trim(id, idAlphabet) != "" {
		return fmt.Errorf("id %.80q: %w: want 1 to %d letters, digits, '-' and '_'", id, ErrInvalid, MaxID)
	}
	return nil
}

const (
	alphanumeric     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	idAlphabet       = alphanumeric + "-_"
	languageAlphabet = alphanumeric + "+#-_."

	maxNeeds    = 8
	maxLanguage = 32
)

func checkNeeds(needs []string) error {
	if len(needs) > maxNeeds {
		return fmt.Errorf("needs: %w: at most %d languages", ErrInvalid, maxNeeds)
	}
	for _, l := range needs {
		if l == "" || len(l) > maxLanguage || strings.Trim(l, languageAlphabet) != "" {
			return fmt.Errorf("needs %.80q: %w: want the name of a language, of letters, digits and \"+#-_.\", at most %d", l, ErrInvalid, maxLanguage)
		}
	}
	return nil
}

// noNeeds is the class of a job that every worker can do; it is no escape.
const noNeeds = "=any"

// classOf makes one part of a subject, and of a consumer's name, of sorted needs. needsOf is its inverse.
func classOf(needs []string) string {
	if len(needs) == 0 {
		return noNeeds
	}
	escaped := make([]string, len(needs))
	for i, l := range needs {
		var b strings.Builder
		for _, c := range []byte(l) {
			if strings.IndexByte(alphanumeric+"-", c) >= 0 {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "=%02X", c)
			}
		}
		escaped[i] = b.String()
	}
	return strings.Join(escaped, "_")
}

func needsOf(class string) ([]string, error) {
	if class == noNeeds {
		return nil, nil
	}
	var needs []string
	for part := range strings.SplitSeq(class, "_") {
		var b strings.Builder
		for {
			plain, escape, more := strings.Cut(part, "=")
			b.WriteString(plain)
			if !more {
				break
			}
			var c byte
			if len(escape) < 2 {
				return nil, errors.New("half an escape")
			}
			if _, err := fmt.Sscanf(escape[:2], "%02X", &c); err != nil {
				return nil, fmt.Errorf("escape %q: %w", escape[:2], err)
			}
			b.WriteByte(c)
			part = escape[2:]
		}
		needs = append(needs, b.String())
	}
	if classOf(needs) != class || !slices.IsSorted(needs) {
		return nil, errors.New("not as we write it")
	}
	return needs, checkNeeds(needs)
}

// consumerName is of the consumer through which workers get jobs of a priority and class.
func consumerName(p Priority, class string) string { return string(p) + "-" + class }

// parseConsumer reads a consumer's name: false when it is not one of ours.
func parseConsumer(name string) (Priority, []string, bool) {
	priority, class, _ := strings.Cut(name, "-")
	needs, err := needsOf(class)
	p := Priority(priority)
	return p, needs, err == nil && slices.Contains(Priorities, p)
}
