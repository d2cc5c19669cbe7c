//go:build !linux

package selftest

import "testing"

func touchCanaries(*testing.T, *canaries) {}
