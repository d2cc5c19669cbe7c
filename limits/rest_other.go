//go:build !linux

package limits

import "time"

func rest(d time.Duration) { time.Sleep(d) }
