//go:build !linux

package judge

import (
	"errors"
	"os"
)

// newSpool fails where nothing can be run.
func newSpool() (*os.File, error) { return nil, errors.ErrUnsupported }
