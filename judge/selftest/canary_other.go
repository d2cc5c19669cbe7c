//go:build !linux

package selftest

import "errors"

type canaries struct{ file string }

func plant(string) (*canaries, error) { return nil, errors.ErrUnsupported }

func (c *canaries) pid() int           { return 0 }
func (c *canaries) contacts() []string { return nil }
func (c *canaries) Close() error       { return nil }
