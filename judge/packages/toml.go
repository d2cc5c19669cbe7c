package packages

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"judge/limits"
)

// limitTable is a TOML table of the limits that are not zero; empty: all are.
func limitTable(l limits.Limits) string {
	var fields []string
	if l.CPU > 0 {
		fields = append(fields, "time = "+quote(duration(l.CPU)))
	}
	if l.Memory > 0 {
		fields = append(fields, "memory = "+quote(limits.FormatSize(l.Memory)))
	}
	if l.Output > 0 {
		fields = append(fields, "output = "+quote(limits.FormatSize(l.Output)))
	}
	if len(fields) == 0 {
		return ""
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// duration is written in seconds, or in milliseconds where these are not whole.
func duration(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

func quoteList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote is a basic string of TOML's.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
