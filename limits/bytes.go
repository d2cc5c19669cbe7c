package limits

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxSize is the largest size that ParseSize accepts: 1 EiB. What is larger is a slip of the pen, and
// sums of such sizes cannot overflow an int64.
const maxSize = 1 << 60

// sizeUnits are the units of ParseSize, in lower case.
var sizeUnits = map[string]float64{
	"b":   1,
	"kb":  1e3,
	"mb":  1e6,
	"gb":  1e9,
	"tb":  1e12,
	"pb":  1e15,
	"kib": 1 << 10,
	"mib": 1 << 20,
	"gib": 1 << 30,
	"tib": 1 << 40,
	"pib": 1 << 50,
	"eib": 1 << 60,
}

// ParseSize reads a size in bytes, such as "256MiB", "1.5 GB" or "512B".
//
// The unit is required and decimal or binary as SI and IEC have it (1 kB is 1000 bytes, 1 KiB is
// 1024); upper and lower case are the same. A fraction of a byte is cut off, but a size that would
// become zero that way is refused, because zero means "no limit". Errors are complete sentences for the
// user and quote s.
func ParseSize(s string) (int64, error) {
	number, unit := splitNumber(s)
	scale, known := sizeUnits[strings.ToLower(unit)]
	if number == "" || !known {
		return 0, fmt.Errorf("size %q: want a number and a unit such as \"256MiB\"", s)
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || value*scale > maxSize {
		return 0, fmt.Errorf("size %q: larger than 1EiB", s)
	}
	if value > 0 && value*scale < 1 {
		return 0, fmt.Errorf("size %q: less than one byte", s)
	}
	return int64(value * scale), nil
}

// splitNumber splits "1.5 GB" into "1.5" and "GB". The number is digits with at most one point among
// them, so that signs, exponents, hexadecimal, NaN and Inf never reach strconv; it is empty if s does
// not begin with one. One space may stand between the two.
func splitNumber(s string) (number, unit string) {
	s = strings.TrimSpace(s)
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		end = len(s)
	}
	number, unit = s[:end], strings.TrimPrefix(s[end:], " ")
	whole, fraction, point := strings.Cut(number, ".")
	if whole == "" || point && (fraction == "" || strings.Contains(fraction, ".")) {
		return "", unit
	}
	return number, unit
}

// FormatSize writes a size for people: the largest binary unit that leaves at least 1, and at most two
// decimals, as in "256MiB", "1.43MiB" and "12B". ParseSize reads what it writes.
func FormatSize(n int64) string {
	value, unit := float64(n), 0
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for math.Abs(value) >= 1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	number := strconv.FormatFloat(value, 'f', 2, 64)
	return strings.TrimRight(strings.TrimRight(number, "0"), ".") + units[unit]
}
