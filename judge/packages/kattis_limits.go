package packages

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What Kattis' packages call the typical system defaults.
const (
	mib           = int64(1) << 20
	kattisMemory  = 2048 * mib
	kattisOutput  = 8 * mib
	kattisToolCPU = 60 * time.Second
	kattisPasses  = 2
)

// defaults are the limits of a package that says nothing.
func (k *kattis) defaults() {
	k.memory, k.output = kattisMemory, kattisOutput
	k.toolTime, k.toolMemory, k.toolOutput = kattisToolCPU, kattisMemory, kattisOutput
	k.calibration = &calibration{multiplier: 2, resolution: time.Second}
	if k.legacy {
		k.calibration = &calibration{multiplier: 5, resolution: time.Second, nearest: true}
	}
}

func (k *kattis) readLimits(v value) error {
	size := func(into *int64, unit int64) func(value) error {
		return func(v value) error {
			n, err := v.number(1)
			if err == nil && n > float64(1<<40/unit) {
				err = v.fail("%g: is too large", n)
			}
			*into = int64(n * float64(unit))
			return err
		}
	}
	factor := func(least float64, into *float64) func(value) error {
		return func(v value) (err error) { *into, err = v.number(least); return err }
	}
	known := keys{
		"memory":             size(&k.memory, mib),
		"output":             size(&k.output, mib),
		"compilation_time":   seconds(&k.compileTime),
		"compilation_memory": size(&k.compileMemory, mib),
		"validation_time":    seconds(&k.toolTime),
		"validation_memory":  size(&k.toolMemory, mib),
		"validation_output":  size(&k.toolOutput, mib),
		"time_limit":         k.fixTime,
		"validation_passes":  k.readPasses,
		"code": func(value) error {
			k.note("limits.code: the length of a submission is not limited")
			return nil
		},
	}
	if k.legacy {
		known["time_multiplier"] = factor(1, &k.calibration.multiplier)
		known["time_safety_margin"] = nil // a check of the package: how far slow submissions are beyond the limit
	} else {
		known["time_resolution"] = seconds(&k.calibration.resolution)
		known["time_multipliers"] = func(v value) error {
			return v.read(keys{"ac_to_time_limit": factor(1, &k.calibration.multiplier), "time_limit_to_tle": nil})
		}
	}
	return v.read(known)
}

// seconds reads a duration of at least a millisecond.
func seconds(into *time.Duration) func(value) error {
	return func(v value) error {
		n, err := v.number(0.001)
		if err == nil && n > 86400 {
			err = v.fail("%g: want at most a day", n)
		}
		*into = time.Duration(math.Round(n*1000)) * time.Millisecond
		return err
	}
}

// fixTime takes a time limit that needs no calibration.
func (k *kattis) fixTime(v value) error {
	k.calibration = nil
	return seconds(&k.time)(v)
}

func (k *kattis) readPasses(v value) error {
	n, err := v.number(2)
	if err == nil && (n != math.Trunc(n) || n > 1000) {
		err = v.fail("%g: want a whole number from 2 to 1000", n)
	}
	k.passes = int(n)
	return err
}

// iniTime finds the time limit in a domjudge-problem.ini.
var iniTime = regexp.MustCompile(`(?m)^\s*timelimit\s*=\s*['"]?([0-9.]+)['"]?\s*$`)

// readOtherTimeLimits looks where other judges keep the time limit of packages whose format has no place
// for it.
func (k *kattis) readOtherTimeLimits() error {
	if k.time > 0 {
		return nil
	}
	for _, name := range []string{"domjudge-problem.ini", ".timelimit"} {
		text, ok, err := k.text(name)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		number := strings.TrimSpace(text)
		if name == "domjudge-problem.ini" {
			m := iniTime.FindStringSubmatch(text)
			if m == nil {
				continue
			}
			number = m[1]
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || !(n >= 0.001 && n <= 86400) {
			return k.tree.fail(name, "time limit %q: want seconds", number)
		}
		k.time = time.Duration(math.Round(n*1000)) * time.Millisecond
		k.calibration = nil
		return nil
	}
	return nil
}
