package limits

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseDuration(t *testing.T) {
	tests := []struct {
		in   string
		want time.Duration
	}{
		{"1.5s", 1500 * time.Millisecond},
		{"200ms", 200 * time.Millisecond},
		{"200 ms", 200 * time.Millisecond},
		{"1m30s", 90 * time.Second},
		{"0s", 0},
		{"10us", 10 * time.Microsecond},
		{"10µs", 10 * time.Microsecond},
		{"8760h", maxDuration},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseDuration(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParseDurationRefuses(t *testing.T) {
	const form = `: want a number and a unit such as "1.5s" or "200ms"`
	tests := []struct{ name, in, want string }{
		{"unknown unit", "2 secs", `duration "2 secs"` + form},
		{"no unit", "2", `duration "2"` + form},
		{"zero without unit", "0", `duration "0"` + form},
		{"empty", "", `duration ""` + form},
		{"negative", "-1s", `duration "-1s"` + form},
		{"sign", "+1s", `duration "+1s"` + form},
		{"not a number", "NaNs", `duration "NaNs"` + form},
		{"exponent", "1e400s", `duration "1e400s"` + form},
		{"too long", "9000h", `duration "9000h": longer than a year`},
		{"overflow", "99999999999999999999h", `duration "99999999999999999999h": longer than a year`},
		{"would become no limit", "0.1ns", `duration "0.1ns": less than a nanosecond`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseDuration(tt.in)
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestFormatDuration(t *testing.T) {
	tests := map[time.Duration]string{
		0:                          "0s",
		1500 * time.Millisecond:    "1.5s",
		2013400 * time.Microsecond: "2.013s",
		12345678:                   "12.3ms",
		123456789:                  "123ms",
		999:                        "1µs",
		90 * time.Second:           "1m30s",
	}
	for in, want := range tests {
		assert.Equal(t, want, FormatDuration(in), "%d", in)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"1.5s", "200ms", "1m30s", "1e400s", "-1s", " 1 s ", "0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		assert.GreaterOrEqual(t, d, time.Duration(0), "%q", s)
		assert.LessOrEqual(t, d, maxDuration, "%q", s)
	})
}
