//go:build !linux

package gojudge

import (
	"context"

	"judge/isolate"
)

func (e *execution) openTerminal(context.Context) error { return isolate.ErrUnsupported }
