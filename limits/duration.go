package limits

import (
	"fmt"
	"strings"
	"time"
)

// maxDuration is the longest duration that ParseDuration accepts: a year. What is longer is a slip of
// the pen, and sums and multiples of such durations cannot overflow.
const maxDuration = 365 * 24 * time.Hour

// ParseDuration reads a duration, such as "1.5s", "200 ms" or "1m30s".
//
// Units are those of time.ParseDuration and required; a sign is refused, and so is a duration that is
// positive but rounds to zero, because zero means "no limit". Errors are complete sentences for the user
// and quote s.
func ParseDuration(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	if number, unit := splitNumber(text); number != "" {
		text = number + unit
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil && tooLong(text):
		return 0, fmt.Errorf("duration %q: longer than a year", s)
	case err != nil || text[0] == '-' || text[0] == '+' || !strings.ContainsAny(text, "nuµμmsh"):
		return 0, fmt.Errorf("duration %q: want a number and a unit such as \"1.5s\" or \"200ms\"", s)
	case d > maxDuration:
		return 0, fmt.Errorf("duration %q: longer than a year", s)
	case d == 0 && strings.ContainsAny(text, "123456789"):
		return 0, fmt.Errorf("duration %q: less than a nanosecond", s)
	}
	return d, nil
}

// tooLong tells a duration that overflowed from one that is malformed: time.ParseDuration gives both
// the same error, but with fewer digits the first becomes valid.
func tooLong(text string) bool {
	number, unit := splitNumber(text)
	if number == "" {
		return false
	}
	_, err := time.ParseDuration("1" + unit)
	return err == nil
}

// FormatDuration writes a duration for people, to the millisecond from one second on and to three
// digits below, as in "1.5s", "2.013s", "12.3ms" and "1m30s".
func FormatDuration(d time.Duration) string {
	switch size := d.Abs(); {
	case size >= 100*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case size >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}
