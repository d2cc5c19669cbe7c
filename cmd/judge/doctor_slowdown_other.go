//go:build !linux

package main

import "errors"

func measureSlowdown(int) (slowdown, error) { return slowdown{}, errors.ErrUnsupported }
