//go:build !linux

package main

import (
	"context"
	"errors"
	"io"
	"os"

	"judge/judge"
)

func atTerminal(context.Context, judge.Batch, judge.Session, func()) (judge.Facts, error) {
	return judge.Facts{}, errors.ErrUnsupported
}

type pump struct{}

func startPump(*os.File, io.Writer, func() error) (*pump, error) { return nil, errors.ErrUnsupported }

func (*pump) stop() {}

func signalNumber(string) int { return 0 }
