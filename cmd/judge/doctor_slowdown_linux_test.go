package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMeasureSlowdownWorks(t *testing.T) {
	_, err := measureSlowdown(2)
	require.NoError(t, err)
}
