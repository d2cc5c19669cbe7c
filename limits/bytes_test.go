package limits

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseSize(t *testing.T) {
	tests := []struct {
		in   string
		want int64
	}{
		{"256MiB", 256 << 20},
		{"64 kB", 64000},
		{"1GB", 1e9},
		{"1.5 GiB", 3 << 29},
		{"512B", 512},
		{"512 b", 512},
		{"10mib", 10 << 20},
		{" 1KiB ", 1024},
		{"0B", 0},
		{"0.0MiB", 0},
		{"1EiB", 1 << 60},
		{"1.9B", 1},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseSize(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParseSizeRefuses(t *testing.T) {
	const form = `: want a number and a unit such as "256MiB"`
	tests := []struct{ name, in, want string }{
		{"unknown unit", "12 potatoes", `size "12 potatoes"` + form},
		{"no unit", "1024", `size "1024"` + form},
		{"no number", "MiB", `size "MiB"` + form},
		{"empty", "", `size ""` + form},
		{"negative", "-1MiB", `size "-1MiB"` + form},
		{"sign", "+1MiB", `size "+1MiB"` + form},
		{"not a number", "NaN", `size "NaN"` + form},
		{"infinite", "InfB", `size "InfB"` + form},
		{"exponent", "1e400", `size "1e400"` + form},
		{"exponent and unit", "1e4MiB", `size "1e4MiB"` + form},
		{"hexadecimal", "0x10MiB", `size "0x10MiB"` + form},
		{"two points", "1.2.3MiB", `size "1.2.3MiB"` + form},
		{"point at the end", "1.MiB", `size "1.MiB"` + form},
		{"point first", ".5MiB", `size ".5MiB"` + form},
		{"two spaces", "1  MiB", `size "1  MiB"` + form},
		{"two sizes", "1MiB 2MiB", `size "1MiB 2MiB"` + form},
		{"control character", "1\x00MiB", `size "1\x00MiB"` + form},
		{"too large", "2EiB", `size "2EiB": larger than 1EiB`},
		{"overflow", "99999999999999999999PiB", `size "99999999999999999999PiB": larger than 1EiB`},
		{"would become no limit", "0.1B", `size "0.1B": less than one byte`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseSize(tt.in)
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestFormatSize(t *testing.T) {
	tests := map[int64]string{
		0:           "0B",
		12:          "12B",
		1023:        "1023B",
		1024:        "1KiB",
		1500000:     "1.43MiB",
		256 << 20:   "256MiB",
		3 << 29:     "1.5GiB",
		1 << 60:     "1EiB",
		1<<63 - 1:   "8EiB",
		-(64 << 10): "-64KiB",
	}
	for in, want := range tests {
		assert.Equal(t, want, FormatSize(in), "%d", in)
	}
}

func FuzzParseSize(f *testing.F) {
	for _, seed := range []string{"256MiB", "64 kB", "1.5GB", "1e400", "NaN", "-0B", "0.0000001B", "１MiB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseSize(s)
		if err != nil {
			return
		}
		assert.GreaterOrEqual(t, n, int64(0), "%q", s)
		assert.LessOrEqual(t, n, int64(maxSize), "%q", s)
		again, err := ParseSize(FormatSize(n))
		assert.NoError(t, err, "%q gives %d, written %s", s, n, FormatSize(n))
		assert.InDelta(t, float64(n), float64(again), float64(n)/100, "%q", s)
	})
}
